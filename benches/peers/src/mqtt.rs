//! mosquitto, with the client library `rumqttc`.

use std::process::Command;
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, Packet, QoS};
use tokio::task::spawn_local;

use crate::cores;
use crate::load::{Load, Seen, TOPIC};
use crate::publisher::Publisher;
use crate::run::Running;
use crate::server::{Server, free_port};

const PACKET_MAX: usize = 1 << 24;
/// Requests of a client that may wait for its connection.
const REQUESTS: usize = 64;
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Starts broker, viewers and publisher.
pub(crate) async fn run(load: Load, origin: Instant, seen: &Seen, qos: QoS) -> anyhow::Result<Running> {
    let (port, folder) = (free_port()?, tempfile::tempdir()?);
    let settings = folder.path().join("mosquitto.conf");
    std::fs::write(
        &settings,
        format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_connections -1\n"
        ),
    )?;
    let server = cores::apart(|| Server::start(Command::new("mosquitto").arg("-c").arg(&settings), &[port]))?;
    let empty = server.usage()?.rss;
    for viewer in 0..load.viewers {
        let (client, events) = connect(&format!("viewer-{viewer}"), port);
        client.subscribe(TOPIC, qos).await?;
        spawn_local(view(events, client, seen.clone()));
    }
    let publisher = Publisher::start_runtime(load, origin, async move |schedule| {
        let (client, mut events) = connect("publisher", port);
        tokio::spawn(async move { while events.poll().await.is_ok() {} });
        loop {
            let frame = schedule.next_beside_tasks().await;
            client.publish_bytes(TOPIC, qos, false, frame).await?;
        }
    })?;
    Ok(Running { publisher, server, empty })
}

fn connect(name: &str, port: u16) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(name, "127.0.0.1", port);
    options.set_max_packet_size(PACKET_MAX, PACKET_MAX).set_keep_alive(KEEP_ALIVE);
    let (client, mut events) = AsyncClient::new(options, REQUESTS);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    events.set_network_options(network);
    (client, events)
}

/// A viewer, until its connection ends. `_client` keeps it open.
async fn view(mut events: EventLoop, _client: AsyncClient, seen: Seen) {
    let mut is_first = true;
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(Packet::Publish(publish)) = event {
            seen.note(&publish.payload, is_first);
            is_first = false;
        }
    }
}
