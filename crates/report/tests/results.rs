//! JUnit and TAP are what their readers accept, whatever names hold.

use podfence_report::junit::junit;
use podfence_report::results::{Case, Status, Suite, Trouble};
use podfence_report::tap::tap;
use podfence_testkit::xmllint::xmllint;

/// Texts that break careless writers.
const HOSTILE: [&str; 9] = [
    "plain",
    "",
    "]]></failure><testcase name=\"x\"/>",
    "a & b < c > d \"e\" 'f'",
    "nul \u{0} escape \u{1b}[31m bell \u{7} delete \u{7f} next line \u{85}",
    "lines\nand\ttabs\r\nand separators \u{2028} \u{2029}",
    "no characters \u{fffe} \u{ffff}, some \u{10ffff} 😀 \u{feff}",
    "ok 1 - # SKIP \\# TODO \\",
    "  indented: {yaml: [1]}\n...\n---\n1..7",
];

fn case(text: &str, status: Status) -> Case {
    Case { name: text.into(), class: text.into(), place: Some((text.into(), 3)), status }
}

/// Every way to end, with every text in every place.
fn suites() -> Vec<Suite> {
    let suite = |text: &&str| {
        let trouble =
            || Trouble { kind: (*text).into(), message: (*text).into(), details: format!("{text}\n{text}") };
        let statuses = [
            Status::Passed,
            Status::Failed(trouble()),
            Status::Error(trouble()),
            Status::Skipped((*text).to_owned()),
        ];
        Suite {
            name: (*text).to_owned(),
            properties: vec![((*text).to_owned(), (*text).to_owned())],
            cases: statuses.into_iter().map(|status| case(text, status)).collect(),
        }
    };
    let empty = Suite { name: "empty".into(), ..Suite::default() };
    HOSTILE.iter().map(suite).chain([empty]).collect()
}

#[test]
fn junit_is_valid_whatever_names_hold() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/junit-4.xsd");
    for suites in [suites(), Vec::new()] {
        let xml = junit("all of \u{0} them", &suites);
        let Some((valid, said)) = xmllint(&["--noout", "--schema", schema], &xml) else { return };
        assert!(valid, "{said}\n{xml}");
    }
    let (valid, _) = xmllint(&["--noout", "--schema", schema], "<testsuites><testcase/></testsuites>")
        .expect("it was there before");
    assert!(!valid, "the schema is not looked at");
}

#[test]
fn what_xml_can_say_comes_back_as_it_was() {
    let name = HOSTILE[2].to_owned() + HOSTILE[3] + "\n\t";
    let suite = Suite { name: name.clone(), ..Suite::default() };
    let xml = junit("podfence", &[suite]);
    let Some((_, said)) = xmllint(&["--xpath", "string(//testsuite/@name)"], &xml) else { return };
    assert_eq!(said.trim_end_matches('\n'), name.trim_end_matches('\n'), "{xml}");
}

#[test]
fn junit_reads_well() {
    let trouble =
        Trouble { kind: "denied".into(), message: "1 of 2 denied".into(), details: "why\nso".into() };
    let cases = vec![case("a", Status::Passed), case("b", Status::Failed(trouble))];
    let properties = vec![("policies".to_owned(), "3".to_owned())];
    let xml = junit("podfence test", &[Suite { name: "x.yaml".into(), properties, cases }]);
    assert_eq!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"podfence test\" tests=\"2\" failures=\"1\" errors=\"0\">\n\
         \x20 <testsuite name=\"x.yaml\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n\
         \x20   <properties>\n\
         \x20     <property name=\"policies\" value=\"3\"/>\n\
         \x20   </properties>\n\
         \x20   <testcase name=\"a\" classname=\"a\" file=\"a\"/>\n\
         \x20   <testcase name=\"b\" classname=\"b\" file=\"b\">\n\
         \x20     <failure type=\"denied\" message=\"1 of 2 denied\">b:3\nwhy\nso</failure>\n\
         \x20   </testcase>\n\
         \x20 </testsuite>\n\
         </testsuites>\n"
    );
}

#[test]
fn tap_has_a_line_for_each_case_whatever_names_hold() {
    let suites = suites();
    let text = tap(&suites);
    let cases = HOSTILE.len() * 4;
    let mut lines = text.split('\n');
    assert_eq!(lines.next(), Some("TAP version 14"));
    assert_eq!(lines.next(), Some(format!("1..{cases}").as_str()));
    let (mut points, mut blocks, mut inside) = (0, 0, false);
    for line in lines.filter(|line| !line.is_empty()) {
        assert!(!line.contains(char::is_control), "{line:?}");
        match line {
            "  ---" if !inside => inside = true,
            "  ..." => (inside, blocks) = (false, blocks + 1),
            line if inside => assert!(line.starts_with("  "), "{line:?}"),
            line if line.starts_with("ok ") || line.starts_with("not ok ") => points += 1,
            line => assert!(line.starts_with("# "), "{line:?}"),
        }
    }
    assert_eq!((points, blocks), (cases, HOSTILE.len() * 2));
    let skipped = |line: &&str| line.starts_with("ok ") && line.contains(" # SKIP");
    assert_eq!(text.lines().filter(skipped).count(), HOSTILE.len());
}

#[test]
fn tap_reads_well() {
    let trouble = Trouble { kind: "denied".into(), message: "1 of 2".into(), details: "  why\n\nso".into() };
    let cases = vec![
        case("a #1", Status::Passed),
        case("b", Status::Failed(trouble)),
        case("c", Status::Skipped("not now".into())),
    ];
    let text = tap(&[Suite { name: "x.yaml".into(), properties: Vec::new(), cases }]);
    let wanted = "TAP version 14\n1..3\n# x.yaml\nok 1 - a \\#1\nnot ok 2 - b\n  ---\n  message: \"1 of 2\"\n  \
                  severity: fail\n  kind: \"denied\"\n  at: {file: \"b\", line: 3}\n  details: |2\n      why\n\n    \
                  so\n  ...\nok 3 - c # SKIP not now\n";
    assert_eq!(text, wanted);
}
