//! The report: Markdown for people, JSON for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::assumptions::Assumption;
use crate::facts::{Facts, NotObserved};
use crate::redact::Redactor;

/// What a run found out about one assumption.
#[derive(Clone, Debug)]
struct Row {
    assumption: Assumption,
    verdict: Verdict,
    /// The observed shape, or the reason why there is none.
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Confirmed,
    Contradicted,
    NotObserved,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Contradicted => "contradicted",
            Self::NotObserved => "not observed",
        }
    }
}

/// All assumptions, judged by what was observed so far.
#[derive(Debug)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// Whether the run has reached its end.
    is_complete: bool,
    /// What the run has left behind, and other remarks.
    remarks: Vec<String>,
}

impl Report {
    pub(crate) fn judge(
        assumptions: &[Assumption],
        facts: &Facts,
        redactor: &Redactor,
        remarks: &[String],
        is_complete: bool,
    ) -> Self {
        let judge = |assumption: &Assumption| {
            let (verdict, detail) = match (assumption.judge)(facts) {
                Ok(finding) if finding.holds => (Verdict::Confirmed, finding.shape),
                Ok(finding) => (Verdict::Contradicted, finding.shape),
                Err(NotObserved(reason)) => (Verdict::NotObserved, reason),
            };
            Row { assumption: *assumption, verdict, detail: redactor.text(&detail) }
        };
        let remarks = remarks.iter().map(|remark| redactor.text(remark)).collect();
        Self { rows: assumptions.iter().map(judge).collect(), is_complete, remarks }
    }

    /// For instance `40 confirmed, 3 contradicted, 9 not observed`.
    pub(crate) fn summary(&self) -> String {
        let all = [Verdict::Confirmed, Verdict::Contradicted, Verdict::NotObserved];
        let count = |verdict| self.rows.iter().filter(|row| row.verdict == verdict).count();
        all.map(|verdict| format!("{} {}", count(verdict), verdict.name())).join(", ")
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("# Contract report\n\n");
        let end = if self.is_complete { "" } else { " The run stopped before its end." };
        let _ = writeln!(text, "{}.{end}", self.summary());
        for verdict in [Verdict::Contradicted, Verdict::NotObserved, Verdict::Confirmed] {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.verdict == verdict).collect();
            if rows.is_empty() {
                continue;
            }
            let (title, detail) = match verdict {
                Verdict::Contradicted => ("Contradicted", "Observed"),
                Verdict::NotObserved => ("Not observed", "Why"),
                Verdict::Confirmed => ("Confirmed", "Observed"),
            };
            let _ = write!(text, "\n## {title}\n\n| Assumption | {detail} | Rests on it |\n|---|---|---|\n");
            for Row { assumption, detail, .. } in rows {
                let Assumption { id, sentence, rests_on, decision, .. } = assumption;
                let decision = if decision.is_empty() { String::new() } else { format!(" ({decision})") };
                let _ = writeln!(text, "| **{id}** {sentence} | {} | `{rests_on}`{decision} |", cell(detail));
            }
        }
        if !self.remarks.is_empty() {
            text.push_str("\n## Remarks\n\n");
            for remark in &self.remarks {
                let _ = writeln!(text, "- {remark}");
            }
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let row = |Row { assumption, verdict, detail }: &Row| {
            json!({
                "id": assumption.id,
                "assumption": assumption.sentence,
                "restsOn": assumption.rests_on,
                "decision": assumption.decision,
                "observedBy": assumption.observed_by,
                "verdict": verdict.name(),
                "detail": detail,
            })
        };
        json!({
            "complete": self.is_complete,
            "summary": self.summary(),
            "assumptions": self.rows.iter().map(row).collect::<Vec<_>>(),
            "remarks": self.remarks,
        })
    }
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::assumptions;

    fn report(facts: &Facts, redactor: &Redactor, is_complete: bool) -> Report {
        Report::judge(&assumptions::all(), facts, redactor, &["1 user is left: user_1".to_owned()], is_complete)
    }

    #[test]
    fn a_run_that_stopped_says_so_and_names_every_assumption() {
        let report = report(&Facts::default(), &Redactor::default(), false);
        let markdown = report.markdown();
        assert!(markdown.contains("The run stopped before its end."));
        assert!(markdown.starts_with("# Contract report\n\n0 confirmed, 0 contradicted, "));
        for assumption in assumptions::all() {
            assert!(markdown.contains(assumption.id), "{}", assumption.id);
        }
        assert_eq!(report.json()["complete"], false);
    }

    #[test]
    fn verdicts_follow_the_observations() {
        let mut facts = Facts::default();
        facts.add("renewal-none".to_owned(), json!({ "status": 404, "body": "{\"errorCode\":\"SessionNotFound\"}" }));
        facts.add("wrong-code".to_owned(), json!({ "status": 500, "body": "" }));
        let json = report(&facts, &Redactor::default(), true).json();
        let row =
            |id: &str| json["assumptions"].as_array().unwrap().iter().find(|row| row["id"] == id).cloned().unwrap();
        assert_eq!(row("renewal.none")["verdict"], "confirmed");
        assert_eq!(row("renewal.none")["detail"], "404 `SessionNotFound`");
        assert_eq!(row("callback.wrong-code")["verdict"], "contradicted");
        assert_eq!(row("link.user-id")["verdict"], "not observed");
    }

    #[test]
    fn nothing_private_is_written() {
        let secret = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJl";
        let mut facts = Facts::default();
        // Values where only names and words belong: a server can send anything.
        let body = format!(r#"{{"title":"{secret}","errorCode":"{secret}","{secret}":1}}"#);
        for name in ["invalid-start", "renewal", "wrong-code", "profile", "jwks"] {
            facts.add(name.to_owned(), json!({ "status": 400, "body": body }));
        }
        let cookie = format!("{secret}={secret}; Domain={secret}; SameSite={secret}; Path=/{secret}; HttpOnly");
        let hop = json!({ "url": format!("https://l/{secret}?code={secret}"), "status": 302, "setCookie": [cookie] });
        let returned = format!("https://p/?nonce={secret}&error={secret}&{secret}=1&iss={secret}");
        facts.add("main".to_owned(), json!({ "hops": [hop], "returned": returned, "verifierQuery": returned }));
        facts.add_missing("link".to_owned(), format!("it failed for user_1 at https://x/?token={secret}"));
        let mut redactor = Redactor::default();
        redactor.add("user_1", "<user id>");
        let report = report(&facts, &redactor, true);
        for text in [report.markdown(), report.json().to_string()] {
            assert!(!text.contains("eyJ") && !text.contains("c2lnbmF0") && !text.contains("user_1"), "{text}");
        }
    }
}
