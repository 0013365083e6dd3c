//! Parity: Reed-Solomon repair shards of a frame (PROTOCOL 13).
//!
//! Any k of a frame's k data and M parity shards give the frame back. The last data shard takes part with zeros behind it.

use reed_solomon_simd::{ReedSolomonDecoder, ReedSolomonEncoder};

use crate::wire::parity_shards;

/// Frames of more data shards have no parity: a frame that large is repaired with time to spare, and coding it would hold
/// up everybody else for milliseconds.
pub const PARITY_DATA_SHARDS_MAX: u16 = 512;

/// The M parity shards of the data shards `data`, each of `size` bytes but the last, which may be shorter. `None` where a
/// frame of so many shards has no parity.
pub(crate) fn encode<'a>(size: u16, data: impl ExactSizeIterator<Item = &'a [u8]>) -> Option<Vec<Vec<u8>>> {
    let k = u16::try_from(data.len()).ok().filter(|k| *k <= PARITY_DATA_SHARDS_MAX)?;
    let mut encoder = ReedSolomonEncoder::new(k.into(), parity_shards(k).into(), size.into()).ok()?;
    for shard in data {
        encoder.add_original_shard(padded(shard, size)).ok()?;
    }
    let coded = encoder.encode().ok()?;
    Some(coded.recovery_iter().map(<[u8]>::to_vec).collect())
}

/// The data shards that are missing, with their indices, from the data shards and the parity shards that came (index 0 is
/// the first parity shard). Each has `size` bytes, the last one zeros behind its own.
pub(crate) fn restore<'a>(
    (k, size): (u16, u16),
    data: impl Iterator<Item = (u16, &'a [u8])>,
    parity: impl Iterator<Item = (u16, &'a [u8])>,
) -> Option<Vec<(u16, Vec<u8>)>> {
    let mut decoder = ReedSolomonDecoder::new(k.into(), parity_shards(k).into(), size.into()).ok()?;
    for (index, shard) in data {
        decoder.add_original_shard(index.into(), padded(shard, size)).ok()?;
    }
    for (index, shard) in parity {
        decoder.add_recovery_shard(index.into(), shard).ok()?;
    }
    let decoded = decoder.decode().ok()?;
    let restored = decoded.restored_original_iter();
    restored.map(|(index, shard)| Some((u16::try_from(index).ok()?, shard.to_vec()))).collect()
}

/// A shard with the zeros that coding wants behind it.
fn padded(shard: &[u8], size: u16) -> std::borrow::Cow<'_, [u8]> {
    let size = usize::from(size);
    if shard.len() == size {
        return shard.into();
    }
    let mut whole = shard.to_vec();
    whole.resize(size, 0);
    whole.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(len: usize) -> Vec<u8> {
        (0..251).cycle().take(len).collect()
    }

    proptest! {
        #[test]
        fn any_k_shards_of_all_give_the_frame_back(k in 1_u16..80, half in 1..40_u16, short in 0..80_usize, seed: u64) {
            let size = half * 2;
            let len = usize::from(k) * usize::from(size) - short % usize::from(size);
            let bytes = frame(len);
            let data: Vec<&[u8]> = bytes.chunks(size.into()).collect();
            let parity = encode(size, data.iter().copied()).unwrap();
            prop_assert_eq!(parity.len(), usize::from(parity_shards(k)));
            // Loses so many data shards as there is parity, at places that the seed picks.
            let mut rng = seed;
            let mut lost = std::collections::BTreeSet::new();
            for _ in 0..parity_shards(k).min(k) {
                rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                lost.insert(u16::try_from((rng >> 33) % u64::from(k)).unwrap());
            }
            let left = (0..k).zip(&data).filter(|(index, _)| !lost.contains(index)).map(|(index, shard)| (index, *shard));
            let help = (0..parity_shards(k)).zip(&parity).rev().take(lost.len()).map(|(index, shard)| (index, &shard[..]));
            for (index, shard) in restore((k, size), left, help).unwrap() {
                let original = data[usize::from(index)];
                prop_assert_eq!(&shard[..original.len()], original);
                prop_assert!(shard[original.len()..].iter().all(|byte| *byte == 0) && lost.remove(&index));
            }
            prop_assert!(lost.is_empty());
        }
    }

    #[test]
    fn too_few_shards_and_too_large_frames_give_nothing() {
        let bytes = frame(900);
        let parity = encode(100, bytes.chunks(100)).unwrap();
        let data = (0..7).zip(bytes.chunks(100));
        assert_eq!(restore((9, 100), data, [(3, &parity[3][..])].into_iter()), None);
        let large = frame(2 * usize::from(PARITY_DATA_SHARDS_MAX) + 1);
        assert_eq!(encode(2, large.chunks(2)), None);
    }
}
