//! ZeroMQ: a library without a broker, so the broker is its own proxy between publishers and subscribers.

use std::process::Command;
use std::thread;
use std::time::Instant;

use zmq::{Context, PollItem, Socket, SocketType};

use crate::cores;
use crate::load::{Load, Seen, TOPIC};
use crate::publisher::Publisher;
use crate::run::Running;
use crate::server::{Server, free_port};

/// Nothing is dropped for want of room in a queue.
const UNBOUNDED: i32 = 0;
/// How often the viewers' thread looks whether it is to end, ms.
const LOOK_EVERY_MS: i64 = 100;

/// The broker: everything from publishers to the subscribers that want it.
pub(crate) fn proxy(publishers: u16, subscribers: u16) -> anyhow::Result<()> {
    let context = Context::new();
    let front = socket(&context, SocketType::XSUB)?;
    front.bind(&address(publishers))?;
    let back = socket(&context, SocketType::XPUB)?;
    back.bind(&address(subscribers))?;
    Ok(zmq::proxy(&front, &back)?)
}

/// Starts broker, viewers and publisher.
pub(crate) fn run(load: Load, origin: Instant, seen: &Seen) -> anyhow::Result<Running> {
    let (publishers, subscribers) = (free_port()?, free_port()?);
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["zeromq-proxy", &publishers.to_string(), &subscribers.to_string()]);
    let server = cores::apart(|| Server::start(&mut command, &[publishers, subscribers]))?;
    let empty = server.usage()?.rss;
    let connect = |context: &Context, kind, port| -> anyhow::Result<Socket> {
        let socket = socket(context, kind)?;
        socket.connect(&address(port))?;
        Ok(socket)
    };
    let context = Context::new();
    let viewers = (0..load.viewers)
        .map(|_| connect(&context, SocketType::SUB, subscribers))
        .collect::<Result<Vec<_>, _>>()?;
    for viewer in &viewers {
        viewer.set_subscribe(TOPIC.as_bytes())?;
    }
    let seen = seen.clone();
    let end = std::sync::Arc::new(());
    let alive = std::sync::Arc::downgrade(&end);
    thread::spawn(move || view(&viewers, &seen, || alive.strong_count() > 0));
    // A context has one thread that sends and receives: that of the viewers would keep frames waiting.
    let socket = connect(&Context::new(), SocketType::PUB, publishers)?;
    let publisher = Publisher::start(load, origin, move |frame| {
        // The viewers' thread ends with the publisher's.
        let _end = &end;
        Ok(socket.send_multipart([TOPIC.as_bytes(), &frame], 0)?)
    })?;
    Ok(Running { publisher, server, empty })
}

/// All viewers, until `goes_on` says no.
fn view(viewers: &[Socket], seen: &Seen, goes_on: impl Fn() -> bool) {
    let mut is_first = vec![true; viewers.len()];
    let mut items: Vec<PollItem<'_>> =
        viewers.iter().map(|viewer| viewer.as_poll_item(zmq::POLLIN)).collect();
    while goes_on() && zmq::poll(&mut items, LOOK_EVERY_MS).is_ok() {
        for ((viewer, item), is_first) in viewers.iter().zip(&items).zip(&mut is_first) {
            if !item.is_readable() {
                continue;
            }
            while let Ok(parts) = viewer.recv_multipart(zmq::DONTWAIT) {
                if let [_, frame] = parts.as_slice() {
                    seen.note(frame, *is_first);
                    *is_first = false;
                }
            }
        }
    }
}

fn socket(context: &Context, kind: SocketType) -> anyhow::Result<Socket> {
    let socket = context.socket(kind)?;
    socket.set_sndhwm(UNBOUNDED)?;
    socket.set_rcvhwm(UNBOUNDED)?;
    socket.set_linger(0)?;
    Ok(socket)
}

fn address(port: u16) -> String {
    format!("tcp://127.0.0.1:{port}")
}
