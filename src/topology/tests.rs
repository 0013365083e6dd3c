use std::fs;

use super::*;
use crate::failure::Status;

const FILE: &str = "/srv/.env";

/// A file with everything right: each case below spoils one line.
const RIGHT: &str = "\
    SUBNET=172.20.0.0/24\nGATEWAY=172.20.0.1\nVIEWER_RANGE=172.20.0.128/25\nBROKER_IP=172.20.0.2\nBROKER_PORT=5001\n\
    PRODUCER_ID1=1aaa99\nPRODUCER_NAME1=\"Aurora borealis\"\nPRODUCER_IP1=172.20.0.11\n\
    PRODUCER_FRAMES1=media/a\nPRODUCER_AUDIO1=/music\nRATE1=29.97\nDELAY1=2.5\n\
    PRODUCER_ID2=2BBB99\nPRODUCER_AUDIO2=media/b\nPRODUCER_FRAMES2=\n\
    CLIENT_IP1=172.20.0.21\nCLIENT_IP2=172.20.0.22\nCLIENT_PORT=6000\nCOMPOSE_PROJECT_NAME=x\n";

#[test]
fn a_right_file_becomes_what_it_says() {
    let topology = parse(RIGHT, &[]).unwrap();
    assert_eq!((topology.broker_port, topology.client_port), (5_001, Some(6_000)));
    assert_eq!(
        topology.producers,
        [
            ProducerSpec {
                id: "1AAA99".parse().unwrap(),
                name: "Aurora borealis".to_owned(),
                frames: Some("/srv/media/a".into()),
                audio: Some("/music".into()),
                rate: FrameRate::new(29.97).ok(),
                delay: Duration::from_millis(2_500),
            },
            ProducerSpec {
                id: "2BBB99".parse().unwrap(),
                name: String::new(),
                frames: None,
                audio: Some("/srv/media/b".into()),
                rate: None,
                delay: Duration::ZERO,
            },
        ]
    );
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    assert_eq!(topology.network.gateway, Some(ip("172.20.0.1")));
    assert_eq!(topology.network.broker, Some(ip("172.20.0.2")));
    assert_eq!(topology.network.producers, [Some(ip("172.20.0.11")), None]);
    assert_eq!(topology.network.clients, [ip("172.20.0.21"), ip("172.20.0.22")]);
}

#[test]
fn one_producer_with_one_folder_is_enough() {
    let topology = parse("PRODUCER_ID1=1AAA99\nPRODUCER_FRAMES1=f\n", &[]).unwrap();
    assert_eq!((topology.broker_port, topology.client_port), (address::BROKER_PORT, None));
    assert_eq!(topology.network, Network { producers: vec![None], ..Network::default() });
}

#[test]
fn the_environment_wins_and_its_folders_count_from_the_working_directory() {
    let environment = [
        ("BROKER_PORT", "7000"),
        ("PRODUCER_FRAMES1", "here"),
        ("PRODUCER_AUDIO1", ""),
        ("PRODUCER_ID3", "3CCC99"),
        ("PRODUCER_FRAMES3", "there"),
        ("HOME", "/root"),
    ];
    let topology = parse(RIGHT, &environment).unwrap();
    assert_eq!(topology.broker_port, 7_000);
    assert_eq!(topology.producers.len(), 3);
    assert_eq!(topology.producers[0].frames, Some("here".into()));
    assert_eq!(topology.producers[0].audio, None, "empty in the environment unsets");
    let error = parse(RIGHT, &[("BROKER_PORT", "high")]).unwrap_err().to_string();
    assert_eq!(error, "environment: BROKER_PORT=high: not a port: write a number from 1 to 65535");
}

#[test]
fn every_wrong_value_is_named_with_its_file_and_the_remedy() {
    let long_name = "n".repeat(65);
    for (variable, values, remedy) in [
        (
            "BROKER_PORT",
            &["0", "65536", "-1", "five", "5 000"][..],
            "not a port: write a number from 1 to 65535",
        ),
        ("CLIENT_PORT", &["0", "1e3"], "not a port: write a number from 1 to 65535"),
        ("RATE1", &["0", "0.09", "241", "fast", "NaN", "inf", "1e1", "-12", "12fps"], {
            "not a rate: write frames per second from 0.1 to 240, such as 12"
        }),
        ("DELAY1", &["-1", "3601", "soon", "NaN", "2s"], {
            "not a delay: write seconds from 0 to 3600, such as 0 or 2.5"
        }),
        ("PRODUCER_ID1", &["1AAA9", "1AAA9901", "1AAA9X", "café99"], {
            "not a producer id: write six hexadecimal digits, such as 1AAA99"
        }),
        ("PRODUCER_ID1", &["000000"], {
            "not a producer id: it stands for the session; choose 000001 to FFFFFF"
        }),
        ("PRODUCER_ID2", &["1AAA99", "1aaa99"], "PRODUCER_ID1 has the same: choose another"),
        ("PRODUCER_NAME2", &[&long_name], "65 bytes long: shorten the name to 64"),
        ("SUBNET", &["172.20.0.0", "172.20.0.0/33", "here/24", "::/129", "172.20.0.0/"], {
            "not a subnet: write an address and a prefix length, such as 172.20.0.0/16"
        }),
        ("GATEWAY", &["172.20.0", "gateway", "172.20.0.256"], {
            "not an IP address: write one such as 172.20.0.2"
        }),
        ("PRODUCER_IP1", &["172.20.1.11", "::1"], {
            "outside SUBNET=172.20.0.0/24: choose an address within it"
        }),
        ("CLIENT_IP2", &["10.0.0.1"], "outside SUBNET=172.20.0.0/24: choose an address within it"),
        ("VIEWER_RANGE", &["172.20.0.0/23", "172.20.1.0/25", "::/120"], {
            "outside SUBNET=172.20.0.0/24: choose an address within it"
        }),
        ("VIEWER_RANGE", &["172.20.0.128", "many"], {
            "not a subnet: write an address and a prefix length, such as 172.20.0.0/16"
        }),
        ("CLIENT_IP1", &["172.20.0.128", "172.20.0.255"], {
            "inside VIEWER_RANGE=172.20.0.128/25: choose an address outside it"
        }),
        ("CLIENT_IP2", &["172.20.0.2"], "BROKER_IP has the same: choose another"),
        ("PRODUCER_ID01", &["3CCC99"], "producers and clients are numbered 1, 2, 3: write PRODUCER_ID1"),
        ("RATE0", &["12"], "producers and clients are numbered 1, 2, 3: write RATE1"),
        ("PRODUCER_ID257", &["3CCC99"], "too many: numbers go up to 256"),
        ("PRODUCER_ID99999999999999999999999", &["3CCC99"], "too many: numbers go up to 256"),
    ] {
        for value in values {
            let error = with(variable, value).unwrap_err();
            let shown = client::shell::echo::Echo(value);
            assert_eq!(error.to_string(), format!("{FILE}: {variable}={shown}: {remedy}"));
            assert_eq!(error.status(), Status::BadConfiguration);
        }
    }
}

#[test]
fn a_gap_or_a_half_given_producer_is_named() {
    for (variable, value, message) in [
        (
            "PRODUCER_ID5",
            "5EEE99",
            "PRODUCER_ID3 is missing though PRODUCER_ID5 is set: set it, or number without a gap",
        ),
        ("RATE3", "12", "PRODUCER_ID3 is missing though RATE3 is set: set it, or number without a gap"),
        (
            "PRODUCER_NAME4",
            "x",
            "PRODUCER_ID3 is missing though PRODUCER_NAME4 is set: set it, or number without a gap",
        ),
        ("PRODUCER_ID1", "", "PRODUCER_ID1 is missing though DELAY1 is set: set it, or number without a gap"),
        (
            "CLIENT_IP4",
            "172.20.0.24",
            "CLIENT_IP3 is missing though CLIENT_IP4 is set: set it, or number without a gap",
        ),
        (
            "PRODUCER_ID3",
            "3CCC99",
            "PRODUCER_FRAMES3 is missing though PRODUCER_ID3 is set: \
             name the folder of its pictures, or that of its sound in PRODUCER_AUDIO3",
        ),
    ] {
        let error = with(variable, value).unwrap_err();
        assert_eq!(error.to_string(), format!("{FILE}: {message}"));
        assert_eq!(error.status(), Status::BadConfiguration);
    }
    assert_eq!(
        parse("BROKER_PORT=5000\n", &[]).unwrap_err().to_string(),
        "/srv/.env: PRODUCER_ID1 is missing: name a producer, such as PRODUCER_ID1=1AAA99"
    );
}

#[test]
fn what_a_message_repeats_steers_no_terminal() {
    let error = with("RATE1", "\x1b[2J12").unwrap_err().to_string();
    assert!(error.starts_with(r"/srv/.env: RATE1=\u{1b}[2J12: "), "{error}");
    let error = with("PRODUCER_NAME1", "a\x07").unwrap_err().to_string();
    assert_eq!(
        error,
        r"/srv/.env: PRODUCER_NAME1=a\u{7}: holds a control character: write the name without it"
    );
}

#[test]
fn a_file_that_is_missing_or_garbled_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent.env");
    let error = Topology::read(&path, []).unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("no file {}: name one with --file", path.display())),
        "{error}"
    );
    assert_eq!(error.status(), Status::InputMissing);

    let path = folder.path().join(".env");
    fs::write(&path, "PRODUCER_ID1=1AAA99\nthis is no assignment\n").unwrap();
    let error = Topology::read(&path, []).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: 'this is no assignment' is not of the form NAME=value: correct it, or put # in front",
            path.display()
        )
    );
    assert_eq!(error.status(), Status::BadConfiguration);

    fs::write(&path, vec![b'#'; 2 << 20]).unwrap();
    assert!(matches!(Topology::read(&path, []), Err(TopologyError::TooLarge { .. })));
    fs::write(&path, [0xFF, 0xFE, 0x00]).unwrap();
    assert!(matches!(Topology::read(&path, []), Err(TopologyError::Unreadable { .. })));
    assert!(matches!(Topology::read(folder.path(), []), Err(TopologyError::Unreadable { .. })));
}

#[test]
fn files_of_other_systems_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, "\u{feff}PRODUCER_ID1=1AAA99\r\nexport PRODUCER_FRAMES1='f' # pictures\r\n").unwrap();
    let topology = Topology::read(&path, []).unwrap();
    assert_eq!(topology.producers[0].frames, Some(folder.path().join("f")));
}

#[test]
fn the_file_of_the_project_names_its_three_channels() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let topology = Topology::read(&root.join(".env"), []).unwrap();
    let channels: Vec<_> = topology
        .producers
        .iter()
        .map(|producer| {
            let folder = root.join("media").join(producer.id.to_string());
            assert_eq!(producer.frames, Some(folder.join("frames")));
            assert_eq!(producer.audio, Some(folder.join("audio")));
            (producer.id.to_string(), producer.name.clone(), producer.rate)
        })
        .collect();
    let expected = [("1AAA99", "Aurora"), ("2BBB99", "Tide"), ("3CCC99", "Ember")];
    assert_eq!(
        channels,
        expected.map(|(id, name)| (id.to_owned(), name.to_owned(), FrameRate::new(12.0).ok()))
    );
}

fn with(variable: &str, value: &str) -> Result<Topology, TopologyError> {
    let mut variables = assignments(RIGHT);
    variables.push((variable.to_owned(), value.to_owned()));
    Topology::parse(Path::new(FILE), variables, [])
}

fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Topology, TopologyError> {
    let environment = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Topology::parse(Path::new(FILE), assignments(text), environment)
}

fn assignments(text: &str) -> Vec<(String, String)> {
    vars::of_text(Path::new(FILE), text).unwrap()
}
