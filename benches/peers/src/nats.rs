//! nats-server, with the client library `async-nats`.

use std::process::Command;
use std::time::Instant;

use futures_util::StreamExt as _;
use tokio::task::spawn_local;

use crate::cores;
use crate::load::{Load, Seen, TOPIC};
use crate::publisher::Publisher;
use crate::run::Running;
use crate::server::{Server, free_port};

/// Starts broker, viewers and publisher.
pub(crate) async fn run(load: Load, origin: Instant, seen: &Seen) -> anyhow::Result<Running> {
    let port = free_port()?;
    let mut command = Command::new("nats-server");
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
    let server = cores::apart(|| Server::start(&mut command, &[port]))?;
    let empty = server.usage()?.rss;
    let address = format!("nats://127.0.0.1:{port}");
    for _ in 0..load.viewers {
        let client = async_nats::connect(&address).await?;
        let mut frames = client.subscribe(TOPIC).await?;
        let seen = seen.clone();
        spawn_local(async move {
            let mut is_first = true;
            while let Some(message) = frames.next().await {
                seen.note(&message.payload, is_first);
                is_first = false;
            }
            drop(client);
        });
    }
    let publisher = Publisher::start_runtime(load, origin, async move |schedule| {
        let client = async_nats::connect(&address).await?;
        loop {
            client.publish(TOPIC, schedule.next_beside_tasks().await).await?;
            client.flush().await?;
        }
    })?;
    Ok(Running { publisher, server, empty })
}
