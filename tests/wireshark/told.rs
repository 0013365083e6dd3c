//! What our own decoder says of a datagram, in the dissector's names: one entry per field, in the order of the wire.

mod body;
mod reliability;

use std::fmt::Display;

use protocol::id::{ProducerId, StreamId};
use protocol::wire::{self, Control, DataFlags, DataHeader, Datagram, Event};

use crate::tshark::Field;

/// Every field of a well-formed datagram.
pub(crate) fn told(datagram: &[u8]) -> Vec<Field> {
    let mut told = Told(Vec::new());
    match wire::decode(datagram).unwrap() {
        Datagram::Data(header, shard) => told.data(&header, shard),
        Datagram::Control(control) => told.control(&control, datagram),
        Datagram::Unknown(event) => panic!("event {event:#04x}"),
    }
    told.0
}

struct Told(Vec<Field>);

impl Told {
    fn dec(&mut self, name: &str, value: impl Display) {
        self.0.push((name.to_owned(), value.to_string()));
    }

    fn hex(&mut self, name: &str, value: impl Into<u64>, bytes: usize) {
        self.dec(name, format_args!("0x{:0width$x}", value.into(), width = 2 * bytes));
    }

    fn flag(&mut self, name: &str, set: bool) {
        self.dec(name, u8::from(set));
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        if !bytes.is_empty() {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            self.dec(name, digits.join(":"));
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        self.dec("length", text.len());
        self.dec(name, text);
    }

    fn producer(&mut self, name: &str, id: ProducerId) {
        self.hex(name, id.value(), 3);
    }

    fn ids(&mut self, event: u8, producer: ProducerId, stream: StreamId) {
        self.hex("event", event, 1);
        self.producer("producer", producer);
        self.hex("stream_id", stream.0, 1);
        if producer != ProducerId::NONE {
            let whole = stream == StreamId::ALL;
            self.dec("stream", if whole { producer.to_string() } else { format!("{producer}/{stream}") });
        }
        self.dec("version", 1);
        self.dec("mode", 0);
    }

    fn data(&mut self, header: &DataHeader, shard: &[u8]) {
        self.ids(0, header.producer, header.stream);
        self.dec("data.round", header.round);
        self.hex("data.flags", header.flags.0, 1);
        for (name, flag) in [
            ("key", DataFlags::KEY),
            ("end_of_group", DataFlags::END_OF_GROUP),
            ("parity", DataFlags::PARITY),
            ("retx", DataFlags::RETX),
            ("discardable", DataFlags::DISCARDABLE),
            ("config", DataFlags::CONFIG),
        ] {
            self.flag(&format!("data.flags.{name}"), header.flags.contains(flag));
        }
        self.dec("data.flags.layer", header.flags.0 & DataFlags::LAYER_MASK.0);
        self.hex("data.pending", header.pending, 1);
        self.hex("tag", header.tag.0, 4);
        self.dec("data.frame", header.frame.0);
        self.dec("data.group", header.group.0);
        self.dec("data.length", header.length);
        self.dec("data.index", header.index);
        self.dec("data.shard_size", header.shard_size);
        self.dec("data.capture", header.capture.0);
        self.hex("data.crc", header.crc, 4);
        self.bytes("data.shard", shard);
    }

    fn control(&mut self, control: &Control, datagram: &[u8]) {
        let (header, event) = (&control.header, control.message.event());
        self.ids(event as u8, header.producer, header.stream);
        let is_hello = event == Event::Hello;
        self.dec("ext_words", u8::from(is_hello));
        self.hex("flags", header.flags, 1);
        self.flag("flags.reset", header.flags & 1 != 0);
        self.hex("session", header.session.0, 8);
        self.dec("seq", header.seq.0);
        self.dec("sent", header.sent.0);
        if is_hello {
            // The decoder only counts extensions; every HELLO carries this one.
            self.hex("ext.type", 0x1A_u8, 1);
            self.dec("ext.length", 2);
            self.bytes("ext.value", &datagram[26..28]);
        }
        self.body(&control.message);
        let crc = datagram.last_chunk::<4>().unwrap();
        self.hex("crc", u32::from_be_bytes(*crc), 4);
    }
}
