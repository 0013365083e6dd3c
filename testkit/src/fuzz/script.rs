//! The input of a fuzzer as a sequence of decisions.

/// Bytes that are read one decision at a time; an empty script decides zero.
pub(super) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next operation, until there is none.
    pub(super) fn operation(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn u8(&mut self) -> u8 {
        self.operation().unwrap_or(0)
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.u8(), self.u8()])
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_be_bytes([self.u8(), self.u8(), self.u8(), self.u8()])
    }

    pub(super) fn bit(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    /// A number that is mostly near, now and then anywhere.
    pub(super) fn near(&mut self, base: u32) -> u32 {
        match self.u8() {
            0xFF => self.u32(),
            0xFE => base.wrapping_add(u32::from(self.u16())),
            step => base.wrapping_add_signed(i32::from(step.cast_signed())),
        }
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let at = usize::from(self.u8()) % choices.len();
        *choices.get(at).expect("one of the choices")
    }

    /// Up to 255 bytes.
    pub(super) fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.u8()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes
    }
}
