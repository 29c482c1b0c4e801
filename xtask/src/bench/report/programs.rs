//! Who was measured, who was not and why, and where.

use std::fmt::Write as _;

use super::super::measurement::{Run, Unmeasured};

pub(super) fn section(run: &Run) -> String {
    let mut text = String::from("## Servers\n\n| server | version | what it is |\n|---|---|---|\n");
    for program in &run.peers {
        let _ = writeln!(text, "| {} | {} | {} |", program.name, program.version, program.what);
    }
    text.push('\n');
    if !run.unmeasured.is_empty() {
        text.push_str("Not measured:\n\n");
        for unmeasured in &run.unmeasured {
            text.push_str(&line(unmeasured));
        }
        text.push('\n');
    }
    text.push_str("## Where and how\n\n");
    for (name, fact) in &run.facts {
        let _ = writeln!(text, "- {name}: {fact}");
    }
    text.push('\n');
    text
}

fn line(unmeasured: &Unmeasured) -> String {
    let Unmeasured {
        peer,
        rows,
        why,
        install,
    } = unmeasured;
    let rows = if rows.is_empty() {
        String::new()
    } else {
        format!(" in {}", rows.join(", "))
    };
    let why = why.replace('\n', " ");
    format!("- {peer}{rows}: {why}. To have it: {install}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_missing_is_named_with_what_installs_it() {
        let run = Run {
            unmeasured: vec![Unmeasured {
                peer: "xinetd".into(),
                rows: Vec::new(),
                why: "xinetd is not installed".into(),
                install: "apt-get install xinetd".into(),
            }],
            ..Run::default()
        };
        let section = section(&run);
        assert!(
            section
                .contains("Not measured:\n\n- xinetd: xinetd is not installed. To have it: apt-get install xinetd\n"),
            "{section}"
        );
    }
}
