//! What somebody probably meant.

use protocol::id::ProducerId;
use strsim::damerau_levenshtein;

/// Mistyped digits that an id may have and still be recognised: with three of six, any id is near any other.
const ID_TYPOS_MAX: usize = 2;
/// Characters beyond which a word is no typo of anything: bounds the work, which grows with the square.
const WORD_LEN_MAX: usize = 32;

/// The candidate nearest to `word`: one that it begins, or one that few typing errors away; the first of equals.
pub fn nearest_word<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    if !(2..=WORD_LEN_MAX).contains(&length) {
        return None;
    }
    let typos = |candidate: &str| {
        if candidate.starts_with(&word) { 1 } else { damerau_levenshtein(&word, candidate) }
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() > 2)
        .map(|candidate| (typos(candidate), candidate))
        .filter(|&(typos, candidate)| typos <= length.max(candidate.len()) / 3)
        .min_by_key(|&(typos, _)| typos)
        .map(|(_, candidate)| candidate)
}

/// The known producer whose id is nearest to `word`, an id of six or eight digits or a try at one.
///
/// `None` if none is near, or if the producer of `word` is known itself.
pub fn nearest_id(word: &str, known: impl IntoIterator<Item = ProducerId>) -> Option<ProducerId> {
    if word.len() > WORD_LEN_MAX {
        return None;
    }
    let word = word.to_ascii_uppercase();
    let typos = |id: ProducerId| {
        let id = id.to_string();
        let producer = word.get(..id.len()).unwrap_or(&word);
        damerau_levenshtein(producer, &id)
    };
    known
        .into_iter()
        .map(|id| (typos(id), id))
        .min()
        .filter(|&(typos, _)| (1..=ID_TYPOS_MAX).contains(&typos))
        .map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 5] = ["subscribe", "unsubscribe", "status", "stats", "q"];

    #[test]
    fn a_typing_error_or_a_beginning_finds_its_word() {
        for (word, meant) in [
            ("subscirbe", "subscribe"),
            ("unsubscrbe", "unsubscribe"),
            ("SUBSCRIBE", "subscribe"),
            ("unsu", "unsubscribe"),
            ("statsu", "status"),
        ] {
            assert_eq!(nearest_word(word, WORDS), Some(meant), "{word}");
        }
    }

    #[test]
    fn words_unlike_any_other_find_none() {
        for word in ["", "x", "frobnicate", "日本語", &"s".repeat(100_000)] {
            assert_eq!(nearest_word(word, WORDS), None, "{word}");
        }
    }

    #[test]
    fn an_id_with_up_to_two_typing_errors_finds_the_known_one() {
        let known = ["1AAA99", "2BBB99"].map(|id| id.parse().unwrap());
        for (word, meant) in [
            ("1AAA98", Some(known[0])),
            ("1aa99", Some(known[0])),
            ("2BB9B901", Some(known[1])),
            ("9DDD99", None),
            ("1AAA99", None),
            ("1AAA9902", None),
            ("ÄÄÄÄÄÄ", None),
        ] {
            assert_eq!(nearest_id(word, known), meant, "{word}");
        }
        assert_eq!(nearest_id("1AAA98", []), None);
    }
}
