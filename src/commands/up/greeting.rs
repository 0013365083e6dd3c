//! What a person is told before the first prompt: what runs where, and what to type.

use std::net::SocketAddr;

use client::shell::echo::Clean;

use crate::topology::ProducerSpec;

/// Channels that are named one by one; `list` shows the rest.
const NAMED_MAX: usize = 6;

/// Two lines, each with its end. `shows` where the terminal shows pictures.
pub(super) fn greeting(broker: SocketAddr, producers: &[ProducerSpec], shows: bool) -> String {
    let mut channels: Vec<String> = producers.iter().take(NAMED_MAX).map(channel).collect();
    if let Some(rest) = producers.len().checked_sub(NAMED_MAX).filter(|&rest| rest > 0) {
        channels.push(format!("{rest} more"));
    }
    let first = producers
        .first()
        .map(|spec| format!("'{} {}', ", if shows { "watch" } else { "subscribe" }, spec.id))
        .unwrap_or_default();
    format!(
        "A broker on {broker} with {}.\nType {first}'status', 'help', or 'quit' to end it all.\n",
        channels.join(", ")
    )
}

fn channel(spec: &ProducerSpec) -> String {
    if spec.name.is_empty() { spec.id.to_string() } else { format!("{} \"{}\"", spec.id, Clean(&spec.name)) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_person_reads_what_runs_where_and_what_to_type() {
        let broker = "127.0.0.1:5000".parse().unwrap();
        for (shows, verb) in [(true, "watch"), (false, "subscribe")] {
            assert_eq!(
                greeting(broker, &[spec("1AAA99", "Aurora"), spec("2BBB99", "")], shows),
                format!(
                    "A broker on 127.0.0.1:5000 with 1AAA99 \"Aurora\", 2BBB99.\n\
                     Type '{verb} 1AAA99', 'status', 'help', or 'quit' to end it all.\n"
                )
            );
        }
    }

    #[test]
    fn a_long_list_is_cut_and_no_name_steers_the_terminal() {
        let many = vec![spec("1AAA99", "a\u{202e}b"); NAMED_MAX + 2];
        let text = greeting("127.0.0.1:5000".parse().unwrap(), &many, true);
        assert!(text.contains(r#"1AAA99 "a\u{202e}b", 2 more."#), "{text}");
        assert_eq!(text.matches("1AAA99 ").count(), NAMED_MAX);
    }

    fn spec(id: &str, name: &str) -> ProducerSpec {
        ProducerSpec {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            frames: None,
            audio: None,
            rate: None,
            delay: Duration::ZERO,
        }
    }
}
