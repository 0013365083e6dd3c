//! The first byte of every datagram (PROTOCOL 2.2).

macro_rules! events {
    ($($number:literal $variant:ident $name:literal;)*) => {
        /// What a datagram is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Event {
            $(#[doc = $name] $variant = $number,)*
        }

        impl Event {
            /// Every event of this version.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The event of a first byte, if this version knows it.
            pub const fn from_wire(byte: u8) -> Option<Self> {
                match byte {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The name that the specification uses.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

events! {
    0x00 Data "DATA";
    0x01 Subscribe "SUBSCRIBE";
    0x02 Unsubscribe "UNSUBSCRIBE";
    0x03 Announce "ANNOUNCE";
    0x04 Catalog "CATALOG";
    0x05 End "END";
    0x06 Skip "SKIP";
    0x07 Heartbeat "HEARTBEAT";
    0x09 Hello "HELLO";
    0x0A Retry "RETRY";
    0x0B PathChallenge "PATH_CHALLENGE";
    0x0C Clock "CLOCK";
    0x0F Close "CLOSE";
    0x1F Versions "VERSIONS";
    0x80 Feedback "FEEDBACK";
    0x81 SubscribeAck "SUBSCRIBE_ACK";
    0x82 UnsubscribeAck "UNSUBSCRIBE_ACK";
    0x83 AnnounceAck "ANNOUNCE_ACK";
    0x84 CatalogAck "CATALOG_ACK";
    0x85 EndAck "END_ACK";
    0x89 Welcome "WELCOME";
    0x8B PathResponse "PATH_RESPONSE";
    0x8C ClockAck "CLOCK_ACK";
}
