//! Which frames need which.

use protocol::wire::DataFlags;

/// What a frame needs to be decoded, and whether others need it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Dependence {
    /// It stands for itself, and nothing needs it: a JPEG, a segment of sound.
    #[default]
    Alone,
    /// It opens a group: it needs nothing, and others need it.
    Key,
    /// It needs the frames before it in its group, and others need it.
    Delta,
    /// It needs the frames before it in its group, and nothing needs it.
    Spare,
}

impl Dependence {
    pub(super) const fn flags(self) -> DataFlags {
        match self {
            Self::Alone => DataFlags::KEY.with(DataFlags::END_OF_GROUP).with(DataFlags::DISCARDABLE),
            Self::Key => DataFlags::KEY,
            Self::Delta => DataFlags(0),
            Self::Spare => DataFlags::DISCARDABLE,
        }
    }

    /// Whether it begins a group.
    pub(super) const fn opens(self) -> bool {
        matches!(self, Self::Alone | Self::Key)
    }

    /// Whether what comes behind it can't do without it.
    pub(super) const fn is_needed(self) -> bool {
        matches!(self, Self::Key | Self::Delta)
    }
}
