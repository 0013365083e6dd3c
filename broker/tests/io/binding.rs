use std::net::{SocketAddr, UdpSocket};

use broker::io::{Running, Settings, StartError};
use udp::BindError;

use crate::peer::Peer;
use crate::{broker, settings};

/// Why a broker does not start at an address.
fn refusal(listen: SocketAddr, workers: u8) -> StartError {
    let error = Running::start(&Settings { listen, ..settings(workers) }).err();
    error.unwrap_or_else(|| panic!("a broker of {workers} workers listens at {listen}"))
}

#[tokio::test]
async fn a_port_that_another_program_has_is_an_error_that_names_it() {
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap();
    for workers in [1, 3] {
        let error = refusal(taken, workers);
        assert!(matches!(error, StartError::Bind(BindError::InUse(_))), "{error}");
        assert!(error.to_string().contains(&taken.to_string()), "{error}");
    }
}

#[tokio::test]
async fn two_brokers_never_share_a_port() {
    for (first, second) in [(1, 1), (1, 3), (3, 1), (3, 3)] {
        let broker = broker(first);
        let error = refusal(broker.local_addr(), second);
        assert!(matches!(error, StartError::Bind(BindError::InUse(_))), "{first} and {second}: {error}");
        Peer::of(broker.local_addr()).open();
        broker.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_port_is_free_again_when_its_broker_has_stopped() {
    for workers in [1, 3] {
        let former = broker(workers);
        let listen = former.local_addr();
        former.stop().await.unwrap();
        let broker = Running::start(&Settings { listen, ..settings(workers) }).unwrap();
        assert_eq!(broker.local_addr(), listen);
        Peer::of(listen).open();
        broker.stop().await.unwrap();
    }
}

#[tokio::test]
async fn an_address_of_nobody_here_is_an_error_whatever_the_number_of_workers() {
    for workers in [1, 3] {
        let error = refusal("192.0.2.1:0".parse().unwrap(), workers);
        assert!(matches!(error, StartError::Bind(BindError::NotAvailable(_))), "{error}");
    }
}
