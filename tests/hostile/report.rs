//! The report: a table with a row for each campaign, and the findings.

use std::fmt::Write as _;

use crate::campaign::{Campaign, Failure};
use crate::resources::Resources;

pub(crate) fn header() -> String {
    format!(
        "{:14}{:>12}{:>11}{:>8}{:>7}{:>12}{:>21}{:>26}{:>13}{:>9}\n",
        "surface",
        "inputs",
        "per second",
        "panics",
        "exits",
        "violations",
        "peak memory",
        "bystanders p50/p99/max",
        "descriptors",
        "threads",
    )
}

/// The last line of the table.
pub(crate) fn total(campaigns: &[Campaign]) -> String {
    let inputs: u64 = campaigns.iter().map(|campaign| campaign.inputs).sum();
    let seconds: f64 = campaigns.iter().map(|campaign| campaign.took.as_secs_f64()).sum();
    format!("{:14}{inputs:>12}  in {seconds:.0} s\n", "total")
}

pub(crate) fn row(campaign: &Campaign) -> String {
    let rate = campaign.inputs as f64 / campaign.took.as_secs_f64().max(0.001);
    let memory = campaign.memory.map_or_else(String::new, |(peak, max)| {
        format!("{:.1} of {:.0} MiB", peak as f64 / 1024.0, max as f64 / 1024.0)
    });
    let change = |of: fn(&Resources) -> usize| {
        campaign
            .resources
            .map_or_else(String::new, |(before, after)| format!("{} → {}", of(&before), of(&after)))
    };
    format!(
        "{:14}{:>12}{:>11.0}{:>8}{:>7}{:>12}{memory:>21}{:>26}{:>13}{:>9}\n",
        campaign.surface.name(),
        campaign.inputs,
        rate,
        campaign.count(Failure::Panic),
        campaign.count(Failure::Exit),
        campaign.count(Failure::Violation),
        campaign.latencies.summary(),
        change(|resources| resources.descriptors),
        change(|resources| resources.threads),
    )
}

/// The first and the last characters of a long text.
fn abridged(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= 2 * MAX_CHARS {
        return text.to_owned();
    }
    let begin: String = chars[..MAX_CHARS].iter().collect();
    let end: String = chars[chars.len() - MAX_CHARS..].iter().collect();
    format!("{begin} … {end}")
}

/// Each finding, with the arguments that repeat it.
pub(crate) fn findings(campaign: &Campaign) -> String {
    let name = campaign.surface.name();
    let mut text = String::new();
    for finding in &campaign.findings {
        let what = abridged(&finding.what);
        let _ = writeln!(
            text,
            "\n{:?} in {name}; repeat: {name} --batch {} --seed {}\n  {what}",
            finding.failure, finding.batch, campaign.seed
        );
    }
    text
}
