//! A JSON object whose keys keep the order in which they were given, which a map of `serde_json` does not.

use std::fmt::Write;

use serde_json::Value;

use crate::shell::echo::steers;

/// An object on its way to a line.
pub(super) struct Object {
    text: String,
}

impl Object {
    pub(super) fn new() -> Self {
        Self { text: "{".to_owned() }
    }

    /// The object of a line: its type stands first.
    pub(super) fn of_type(kind: &str) -> Self {
        Self::new().with("type", kind)
    }

    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.key(key);
        self.text.push_str(&value.into().to_string());
        self
    }

    pub(super) fn with_object(mut self, key: &str, object: Self) -> Self {
        self.key(key);
        self.text.push_str(&object.end());
        self
    }

    pub(super) fn with_list(mut self, key: &str, objects: impl IntoIterator<Item = Self>) -> Self {
        self.key(key);
        let objects: Vec<_> = objects.into_iter().map(Self::end).collect();
        self.text.push('[');
        self.text.push_str(&objects.join(","));
        self.text.push(']');
        self
    }

    /// The finished line. JSON lets some characters through that a terminal acts upon: they are escaped, which
    /// no reader of JSON can tell from the character itself.
    pub(super) fn line(self) -> String {
        let mut line = String::with_capacity(self.text.len() + 2);
        for character in self.end().chars() {
            if steers(character) {
                // Writing to a string never fails.
                write!(line, "\\u{:04x}", u32::from(character)).ok();
            } else {
                line.push(character);
            }
        }
        line.push('\n');
        line
    }

    fn key(&mut self, key: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push_str(&Value::from(key).to_string());
        self.text.push(':');
    }

    fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_values_nest() {
        let inner = Object::new().with("z", 1).with("a", 0.5);
        let line =
            Object::of_type("x").with_list("list", [inner, Object::new()]).with("none", Value::Null).line();
        assert_eq!(line, "{\"type\":\"x\",\"list\":[{\"z\":1,\"a\":0.5},{}],\"none\":null}\n");
    }

    #[test]
    fn any_text_comes_back_as_it_was_and_steers_no_terminal() {
        let text = "\"\\\x1b[2J\u{9b}1m\x7f\u{202e}\u{2028}é\n";
        let line = Object::new().with("name", text).line();
        assert!(!line.trim_end().contains(steers), "{line:?}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["name"], text);
    }
}
