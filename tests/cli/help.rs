//! What `--help` says is what there is.

use std::collections::BTreeSet;

use crate::settings::WRONG_VALUES;
use crate::support::{framecast, run};

/// The commands whose flags have variables.
const SERVING: [&str; 8] = ["up", "broker", "producer", "client", "watch", "health", "bench", "impair"];

#[test]
fn every_flag_names_its_variable() {
    for command in SERVING {
        let help = help(command);
        // A flag begins a paragraph, which goes on where the lines are folded.
        let flags = help.split("\n  -").flat_map(|part| part.split("\n      --")).skip(1);
        // What is done in place of running is no setting.
        let acts = ["Print help", "Print version", "start nothing"];
        for flag in flags.filter(|flag| !acts.iter().any(|act| flag.contains(act))) {
            assert!(flag.contains("[env: "), "framecast {command}: no variable for\n{flag}");
        }
    }
}

#[test]
fn every_variable_that_help_names_is_tried_with_a_wrong_value() {
    let named: BTreeSet<(String, String)> = SERVING
        .into_iter()
        .flat_map(|command| variables(command).into_iter().map(move |name| (command.to_owned(), name)))
        .collect();
    let tried = WRONG_VALUES.iter().flat_map(|case| {
        case.commands.iter().map(|command| ((*command).to_owned(), case.variable.to_owned()))
    });
    let tried: BTreeSet<_> = tried.collect();
    assert_eq!(named.difference(&tried).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
}

#[test]
fn help_and_version_are_data() {
    for (arguments, begins) in
        [("--version", "framecast 0."), ("--help", "Live pictures and sound"), ("help up", "")]
    {
        let ended = run(&mut framecast(arguments));
        assert_eq!(ended.status, Some(0));
        assert!(ended.stdout.starts_with(begins) && ended.stderr.is_empty(), "{ended:?}");
    }
}

#[test]
fn the_short_help_fits_a_screen_and_both_have_examples() {
    let others = ["", "wireshark", "completions", "man"];
    // Whoever loads a broker or impairs a network has a screen with room for it.
    for command in SERVING.into_iter().filter(|command| !["bench", "impair"].contains(command)).chain(others)
    {
        let [short, long] =
            ["-h", "--help"].map(|flag| run(&mut framecast(&format!("{command} {flag}"))).stdout);
        assert!(short.lines().count() <= 36, "framecast {command} -h has {} lines", short.lines().count());
        assert!(short.len() < long.len(), "framecast {command} --help says no more than -h");
        assert!([&short, &long].iter().all(|help| help.contains("\nExamples:\n  ")), "{command}");
    }
}

#[test]
fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    for arguments in ["", "upp", "--broker x", "producer --frames", "client --for 1s --stay", "broker extra"]
    {
        let ended = run(&mut framecast(arguments));
        assert_eq!(ended.status, Some(2), "{arguments}: {ended:?}");
        assert!(ended.stdout.is_empty() && ended.stderr.contains("--help"), "{ended:?}");
    }
}

fn help(command: &str) -> String {
    run(&mut framecast(&format!("{command} --help"))).stdout
}

fn variables(command: &str) -> BTreeSet<String> {
    let help = help(command);
    let named = help.split("[env: ").skip(1);
    named.map(|after| after.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect()).collect()
}
