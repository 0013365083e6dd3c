//! What the terminal is asked when a picture is wanted, and what its answers mean.
//!
//! All terminals answer the last question; whoever has that answer has all that will come.

use super::palette::Palette;
use super::renderer::Renderer;

/// The questions: a picture of kitty's, the terminal's name, whether an exact colour stays exact, its attributes.
pub const QUESTIONS: &str =
    "\x1b_Gi=4607,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[0m\x1b[c";
/// The last of them alone: whoever answers is there.
pub const PRESENCE: &str = "\x1b[c";
/// The attribute of a terminal with sixel graphics.
const SIXEL: &str = "4";
/// Terminals by name that take iTerm2's pictures.
const ITERM: [&str; 4] = ["iTerm2", "WezTerm", "mintty", "Konsole"];

/// From the best on: kitty's pictures have all colours and no seams, iTerm2's at least all colours.
const PREFERRED: [Renderer; 3] = [Renderer::Kitty, Renderer::Iterm, Renderer::Sixel];

/// What is known of a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Answers {
    /// It has answered.
    pub is_there: bool,
    pixels: Option<Renderer>,
    exact: bool,
}

impl Answers {
    /// Takes one answer. What is none that was asked for changes nothing.
    pub fn take(&mut self, sequence: &str) {
        if let Some(attributes) = sequence.strip_prefix("\x1b[?").and_then(|rest| rest.strip_suffix('c')) {
            self.is_there = true;
            if attributes.split(';').skip(1).any(|attribute| attribute == SIXEL) {
                self.offer(Renderer::Sixel);
            }
        } else if let Some(answer) = sequence.strip_prefix("\x1b_G") {
            if answer.contains(";OK") {
                self.offer(Renderer::Kitty);
            }
        } else if let Some(name) = sequence.strip_prefix("\x1bP>|") {
            if ITERM.iter().any(|known| name.starts_with(known)) {
                self.offer(Renderer::Iterm);
            }
        } else if let Some(state) = sequence.strip_prefix("\x1bP") {
            let state = state.replace(':', ";").replace(";;", ";");
            self.exact |= state.contains("48;2;1;2;3");
        }
    }

    /// The finest way to show pictures that it has.
    pub fn renderer(&self) -> Renderer {
        self.pixels.unwrap_or(Renderer::Half)
    }

    /// It can show pictures like that.
    fn offer(&mut self, renderer: Renderer) {
        let rank = |renderer: Renderer| PREFERRED.iter().position(|one| *one == renderer);
        if self.pixels.is_none_or(|best| rank(renderer) < rank(best)) {
            self.pixels = Some(renderer);
        }
    }

    /// The colours that it takes, where at least `known` is known.
    pub fn palette(&self, known: Palette) -> Palette {
        if self.exact && known != Palette::Grey { Palette::FULL } else { known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyboard::{Decoder, Token};

    fn answers(said: &str) -> Answers {
        let mut answers = Answers::default();
        for token in Decoder::default().feed(said.as_bytes()) {
            let Token::Answer(answer) = token else { panic!("{token:?} is no answer") };
            answers.take(&answer);
        }
        answers
    }

    #[test]
    fn each_terminal_gets_the_finest_pictures_that_it_has() {
        for (said, renderer, exact) in [
            (
                "\x1b_Gi=4607;OK\x1b\\\x1bP>|kitty(0.35)\x1b\\\x1bP1$r48:2:1:2:3m\x1b\\\x1b[?62;c",
                Renderer::Kitty,
                true,
            ),
            ("\x1bP>|iTerm2 3.5.0\x1b\\\x1bP1$r0;48:2::1:2:3m\x1b\\\x1b[?62;4c", Renderer::Iterm, true),
            ("\x1bP>|XTerm(390)\x1b\\\x1bP1$r0;48;5;16m\x1b\\\x1b[?63;1;2;4;6c", Renderer::Sixel, false),
            ("\x1b_Gi=4607;EINVAL:no\x1b\\\x1b[?64;1;2c", Renderer::Half, false),
        ] {
            let answers = answers(said);
            assert_eq!((answers.renderer(), answers.exact), (renderer, exact), "{said:?}");
            assert!(answers.is_there, "{said:?}");
        }
    }

    #[test]
    fn the_first_attribute_is_a_level_and_no_ability() {
        assert_eq!(answers("\x1b[?4;6c").renderer(), Renderer::Half);
    }

    #[test]
    fn another_answer_than_the_last_is_not_all_of_them() {
        assert!(!answers("\x1b_Gi=4607;OK\x1b\\\x1b[?2026;2$y").is_there);
    }
}
