//! Random bits as an argument: a generator that an engine owns and its owner seeds.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A stream of unpredictable bits from a 32-byte seed: HMAC-SHA-256 of a counter.
///
/// With a seed from the operating system it is fit for session ids, tags and nonces; with a fixed seed a run can
/// be repeated bit for bit.
#[derive(Clone)]
pub struct Random {
    seed: [u8; 32],
    counter: u64,
    /// A block for numbers, of which thousands are drawn each second, and how many of them are left.
    words: [u32; WORDS],
    left: usize,
}

/// Numbers in a block.
const WORDS: usize = 8;

impl Random {
    /// A generator for this seed.
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0, words: [0; WORDS], left: 0 }
    }

    /// 32 fresh bytes.
    pub fn block(&mut self) -> [u8; 32] {
        self.counter = self.counter.wrapping_add(1);
        mac(&self.seed, &[&self.counter.to_be_bytes()])
    }

    /// 16 fresh bytes.
    pub fn token(&mut self) -> [u8; 16] {
        first_half(self.block())
    }

    /// 8 fresh bytes.
    pub fn bytes8(&mut self) -> [u8; 8] {
        self.u64().to_be_bytes()
    }

    /// 64 fresh bits.
    pub fn u64(&mut self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.block();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// 32 fresh bits, never zero: zero means *none* in tags and nonces.
    pub fn nonzero_u32(&mut self) -> u32 {
        loop {
            // Each is given out once.
            let word = self.left.checked_sub(1).and_then(|last| {
                self.left = last;
                self.words.get(last).copied()
            });
            match word {
                Some(0) => {}
                Some(word) => return word,
                None => self.refill(),
            }
        }
    }

    fn refill(&mut self) {
        let block = self.block();
        for (word, bytes) in self.words.iter_mut().zip(block.as_chunks().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        self.left = WORDS;
    }
}

/// HMAC-SHA-256 over the concatenation of `parts`.
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length: the error of `new_from_slice` can't occur.
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// The first 16 bytes of a MAC: what tokens, cookies and identities carry.
pub const fn first_half(block: [u8; 32]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = block;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// Whether two tokens are equal, in a time that does not tell where they differ.
pub fn same_token(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_hmac_sha256_as_rfc_4231_has_it() {
        let digest = mac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(digest[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(digest[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn a_seed_repeats_and_its_blocks_do_not() {
        let (mut a, mut b) = (Random::from_seed([7; 32]), Random::from_seed([7; 32]));
        let first = a.block();
        assert_eq!(first, b.block());
        assert_ne!(first, a.block());
        assert_ne!(first, Random::from_seed([8; 32]).block());
    }

    #[test]
    fn numbers_repeat_with_the_seed_and_no_part_of_a_block_comes_twice() {
        let draw = || {
            let mut random = Random::from_seed([7; 32]);
            let numbers: Vec<u32> = (0..20 * WORDS).map(|_| random.nonzero_u32()).collect();
            (numbers, random.block())
        };
        let (numbers, next) = draw();
        assert_eq!(draw(), (numbers.clone(), next));
        let all: std::collections::BTreeSet<u32> = numbers.iter().copied().collect();
        assert_eq!(all.len(), numbers.len());
        assert!(
            !all.contains(&0) && !all.contains(&u32::from_be_bytes([next[0], next[1], next[2], next[3]]))
        );
    }

    #[test]
    fn tokens_compare_by_every_byte() {
        assert!(same_token(&[1, 2, 3], &[1, 2, 3]));
        assert!(!same_token(&[1, 2, 3], &[1, 2, 4]));
        assert!(!same_token(&[1, 2, 3], &[1, 2]));
    }
}
