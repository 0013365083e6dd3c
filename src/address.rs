//! The addresses on the command line: the broker's, where it is dialled, and the client's own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use udp::ResolveError;

use crate::failure::{Failure, Status};
use crate::setting::{Name, Setting};
use crate::value::Fault;

/// The port of a broker whose address names none.
pub(crate) const BROKER_PORT: u16 = 5_000;
/// Where the broker listens, and is looked for, when nobody says otherwise.
pub(crate) const BROKER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), BROKER_PORT);
/// Where the broker is dialled.
pub(crate) const BROKER_ADDRESS: Name = Name { flag: "--broker", variable: "BROKER_ADDRESS" };

/// The address of the broker to dial.
///
/// # Errors
///
/// One that is none, or that nobody can answer at.
pub(crate) fn broker(given: Option<String>) -> Result<SocketAddr, Failure> {
    BROKER_ADDRESS.text(given)?.map_or(Ok(BROKER), |text| dialled(&text))
}

/// The address of the broker that a text names.
///
/// # Errors
///
/// As [`broker()`].
pub(crate) fn dialled(text: &Setting<String>) -> Result<SocketAddr, Failure> {
    let broker = resolve(text, BROKER_PORT)?;
    if broker.port() == 0 {
        return Err(text.refuse(text.status(), &Fault::Port));
    }
    Ok(broker)
}

/// The address that a text names; `port` is that of one without.
///
/// # Errors
///
/// One that is none, by where it was given; a host that the resolver does not find can't be reached, wherever its
/// name stands.
pub(crate) fn resolve(text: &Setting<String>, port: u16) -> Result<SocketAddr, Failure> {
    udp::resolve(text.value(), port).map_err(|error| {
        let status = match error {
            ResolveError::Unknown { .. } | ResolveError::NoAddress(_) => Status::Unreachable,
            ResolveError::NoHost(_) | ResolveError::BadPort(_) | ResolveError::BadIpv6(_) => text.status(),
        };
        text.refuse(status, &error)
    })
}
