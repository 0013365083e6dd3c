//! A line as commands and their words: blanks, quotes, `;` and `#`.

use std::mem;

/// The words of one command. `Err` holds the quote that was never closed.
pub(crate) type Words = Result<Vec<String>, char>;

/// Splits text at `;` and line ends into commands, and those at blanks into words.
///
/// Quotes of either kind keep what is between them together, up to the end of the line. A `#` where a word could
/// begin is a comment to the end of the line. Commands without words are left out.
pub(crate) fn commands(text: &str) -> Vec<Words> {
    let mut commands = Vec::new();
    for line in text.lines() {
        let mut splitter = Splitter::default();
        for character in line.chars() {
            if splitter.is_comment(character) {
                break;
            }
            splitter.take(character, &mut commands);
        }
        splitter.finish(&mut commands);
    }
    commands
}

#[derive(Default)]
struct Splitter {
    words: Vec<String>,
    word: Option<String>,
    quote: Option<char>,
}

impl Splitter {
    fn is_comment(&self, character: char) -> bool {
        character == '#' && self.word.is_none()
    }

    fn take(&mut self, character: char, commands: &mut Vec<Words>) {
        match (self.quote, character) {
            (Some(quote), _) if quote == character => self.quote = None,
            (None, '"' | '\'') => {
                self.word.get_or_insert_default();
                self.quote = Some(character);
            }
            (None, ';') => self.end_command(commands),
            (None, _) if is_blank(character) => self.words.extend(self.word.take()),
            _ => self.word.get_or_insert_default().push(character),
        }
    }

    fn end_command(&mut self, commands: &mut Vec<Words>) {
        self.words.extend(self.word.take());
        if !self.words.is_empty() {
            commands.push(Ok(mem::take(&mut self.words)));
        }
    }

    fn finish(mut self, commands: &mut Vec<Words>) {
        match self.quote {
            Some(quote) => commands.push(Err(quote)),
            None => self.end_command(commands),
        }
    }
}

/// Blanks of any language, and the mark that some editors put at the start of a file.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{FEFF}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_part_words_and_semicolons_and_line_ends_part_commands() {
        assert_eq!(split("  sub\t1AAA99 ;; list\r\nquit;"), ["sub|1AAA99", "list", "quit"]);
    }

    #[test]
    fn blank_lines_and_comments_are_nothing() {
        assert_eq!(
            split("\u{feff}# all; of it\n\n   \n ; ;\nlist # the rest; quit\nstats"),
            ["list", "stats"]
        );
        assert_eq!(split("record clips#2"), ["record|clips#2"]);
    }

    #[test]
    fn quotes_keep_what_is_between_them() {
        assert_eq!(
            split(r#"record "my; #1 'clips'"; record 'a"b'c"#),
            ["record|my; #1 'clips'", r#"record|a"bc"#]
        );
        assert_eq!(commands("record ''"), [Ok(vec!["record".to_owned(), String::new()])]);
    }

    #[test]
    fn an_open_quote_spoils_its_own_command_alone() {
        assert_eq!(
            commands("list; record \"clips; quit\nstatus"),
            [Ok(vec!["list".to_owned()]), Err('"'), Ok(vec!["status".to_owned()])]
        );
    }

    fn split(text: &str) -> Vec<String> {
        commands(text).into_iter().map(|words| words.unwrap().join("|")).collect()
    }
}
