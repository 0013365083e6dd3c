use proptest::prelude::*;

use super::*;

#[test]
fn subscribe_takes_ids_in_any_case_parted_by_blanks_or_commas() {
    let expected = subscribed(&["1AAA99", "2BBB9901", "3CCC99"], None);
    for line in [
        "subscribe 1AAA99 2BBB9901 3CCC99",
        "sub 1aaa99,2bbb9901,3ccc99",
        "  SUBSCRIBE 1AaA99,  2bbb9901 ,,3CCC99 # comment",
        "sub 1AAA99 1aaa99 2BBB9901 3CCC99 1AAA99",
    ] {
        assert_eq!(only(line), Ok(expected.clone()), "{line}");
    }
}

#[test]
fn subscribe_takes_a_latency_anywhere() {
    for (line, milliseconds) in [
        ("sub 1AAA99 --latency 500ms", 500),
        ("sub --latency 2s 1AAA99", 2_000),
        ("sub --latency=0 1AAA99", 0),
        ("sub 1AAA99 --latency=1.5s", 1_500),
    ] {
        let latency = Some(Duration::from_millis(milliseconds));
        assert_eq!(only(line), Ok(subscribed(&["1AAA99"], latency)), "{line}");
    }
}

#[test]
fn a_wrong_renderer_is_named_with_those_that_there_are() {
    let error = only("watch 1AAA99 --renderer vga").unwrap_err();
    assert_eq!(
        error.to_string(),
        "--renderer 'vga': no renderer: write kitty, sixel, iterm, half, quarter or ascii"
    );
    let Ok(Command::Watch { renderer, .. }) = only("watch 1AAA99 --renderer=Quarter") else {
        panic!("a renderer")
    };
    assert_eq!(renderer, Some(Renderer::Quarter));
}

#[test]
fn every_other_command_has_its_form_and_aliases() {
    let id = |text: &str| text.parse::<Target>().unwrap();
    for (lines, expected) in [
        (&["unsubscribe 1aaa99,2BBB9902", "unsub 1AAA99 2BBB9902"][..], {
            Command::Unsubscribe(vec![id("1AAA99"), id("2BBB9902")])
        }),
        (&["unsubscribe all", "unsub ALL"], Command::UnsubscribeAll),
        (&["list", "ls", " LS "], Command::List),
        (&["status"], Command::Status),
        (&["stats"], Command::Stats),
        (&["record clips", "record 'clips'"], Command::Record("clips".into())),
        (&["record \"my clips; #1\""], Command::Record("my clips; #1".into())),
        (&["record off"], Command::RecordOff),
        (&["help", "h", "?"], Command::Help(None)),
        (&["help sub", "? subscribe"], Command::Help(Some(Verb::Subscribe))),
        (&["quit", "q", "exit", "Quit"], Command::Quit),
    ] {
        for line in lines {
            assert_eq!(only(line), Ok(expected.clone()), "{line}");
        }
    }
}

#[test]
fn a_script_gives_its_commands_in_order_and_a_wrong_one_stops_none() {
    let answers = parse("list; subscrbe 1AAA99; stats\n# over; quit\n\nquit", &[]);
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[0], Ok(Command::List));
    assert!(answers[1].is_err());
    assert_eq!(answers[2..], [Ok(Command::Stats), Ok(Command::Quit)]);
    for nothing in ["", "   ", "\n\n", "#", " # quit", ";;"] {
        assert_eq!(parse(nothing, &[]), [], "{nothing:?}");
    }
}

#[test]
fn a_wrong_line_is_answered_with_what_is_wrong_and_what_is_right() {
    for (line, message) in [
        ("subscirbe 1AAA99", "unknown command 'subscirbe': did you mean 'subscribe'?"),
        ("1aaa9901", "unknown command '1aaa9901': did you mean 'subscribe 1AAA9901'?"),
        ("frobnicate", "unknown command 'frobnicate': 'help' lists them all"),
        ("help lst", "unknown command 'lst': did you mean 'list'?"),
        ("subscribe", "subscribe needs an argument: subscribe ID [ID..] [--latency 500ms]"),
        ("sub ,", "subscribe needs an argument: subscribe ID [ID..] [--latency 500ms]"),
        ("unsub", "unsubscribe needs an argument: unsubscribe ID [ID..] | all"),
        ("record", "record needs an argument: record DIR | off"),
        ("record ''", "record needs an argument: record DIR | off"),
        ("record my clips", "'clips' is too much for record: write 'record DIR | off'"),
        ("record ~/clips", "'~/clips' stays as it is here: write the whole path of the folder"),
        ("list 1AAA99", "'1AAA99' is too much for list: write 'list'"),
        ("sub 1AAA99 --lag 1s", "unknown option '--lag': subscribe takes --latency 500ms alone"),
        ("watch 1AAA99 --lag 1s", "unknown option '--lag': watch takes --latency 500ms and --renderer half"),
        ("sub 1AAA99 --latency", "--latency needs a duration, such as --latency 500ms"),
        ("sub 1AAA99 --latency 1s --latency=2s", "--latency is given twice: name one"),
        ("sub 1AAA99 --latency 500", "'500' has no unit: write 500ms or 500s"),
        (
            "sub 1AAA98X",
            "'1AAA98X' is not an id: 'X' is not a hexadecimal digit; ids look like 1AAA99 or 1AAA9901; \
             did you mean 1AAA99?",
        ),
        ("record \"clips", "the quote \" is never closed: add another \" at its end"),
    ] {
        assert_eq!(only(line).unwrap_err().to_string(), message, "{line}");
    }
}

#[test]
fn more_ids_than_a_session_may_have_are_refused() {
    let line = |ids: usize| (1..=ids).fold("sub".to_owned(), |line, id| format!("{line} {id:06X}"));
    assert!(only(&line(SUBSCRIPTIONS_MAX)).is_ok());
    let refused = only(&line(SUBSCRIPTIONS_MAX + 1)).unwrap_err().to_string();
    assert_eq!(refused, "subscribe takes at most 32 ids: that is what one session may have");
}

#[test]
fn a_line_beyond_the_limit_is_refused_whole() {
    let long = "list;".repeat(LINE_LEN_MAX);
    assert_eq!(
        only(&long).unwrap_err().to_string(),
        "a line of 20480 bytes is too long: at most 4096 are read, use several lines"
    );
}

#[test]
fn no_message_repeats_what_steers_a_terminal() {
    for line in
        ["\x1b[2Jlist", "sub \x1b]0;x\x07", "sub 1AAA9\u{9b}", "list \x1b[31m", "help \u{202e}", "sub -\x1b"]
    {
        for answer in parse(line, &[]) {
            let message = answer.unwrap_err().to_string();
            assert!(!message.contains(steers), "{message:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_gets_commands_or_short_clean_messages(text in "\\PC{0,200}|[a-z0-9 ;#'\"=,\\-\\x1b\\n]{0,300}") {
        for error in parse(&text, &known()).into_iter().filter_map(Result::err) {
            let message = error.to_string();
            prop_assert!(!message.contains(steers) && message.len() < 1_200, "{:?}", message);
        }
    }
}

fn only(line: &str) -> Result<Command, CommandError> {
    let mut answers = parse(line, &known());
    assert_eq!(answers.len(), 1, "{line}");
    answers.remove(0)
}

fn known() -> [ProducerId; 2] {
    ["1AAA99", "2BBB99"].map(|id| id.parse().unwrap())
}

fn subscribed(ids: &[&str], latency: Option<Duration>) -> Command {
    Command::Subscribe { targets: ids.iter().map(|id| id.parse().unwrap()).collect(), latency }
}
