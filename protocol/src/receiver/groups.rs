//! Which frames can be decoded: those of a group of which nothing that they need is missing (PROTOCOL 7.5).

use crate::wire::{DataFlags, DataHeader};

/// The group that is whole so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Groups {
    /// Number of its key frame; `None` while something is missing.
    intact: Option<u64>,
}

impl Groups {
    /// Whether the next frame can be decoded.
    pub(super) fn admit(&mut self, number: u64, header: &DataHeader) -> bool {
        if header.flags.contains(DataFlags::KEY) {
            self.intact = Some(number);
            return true;
        }
        self.intact.is_some_and(|key| key == header.group.widen(number))
    }

    /// A frame with these flags, if they are known, is not delivered: what needs it can't be either.
    pub(super) const fn miss(&mut self, flags: Option<DataFlags>) {
        if !matches!(flags, Some(flags) if flags.contains(DataFlags::DISCARDABLE)) {
            self.intact = None;
        }
    }
}
