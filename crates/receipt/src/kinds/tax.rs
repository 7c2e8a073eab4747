//! The lines that make a slip a simplified qualified invoice (適格簡易請求書, X-080) or a return invoice (適格返還請求書,
//! what was sold at which rate, the tax inside it, and the registration number. Nothing where nobody stated it.

use super::date;
use crate::{Line, SlipFacts};
use payment::tax::percent;
use payment::{TaxKind, TaxLine};

/// The mark of what is taxed at the reduced rate.
const MARK: &str = "※";

/// The words of a profile.
pub(super) struct Words {
    /// Behind the rate, and the tax itself.
    pub(super) tax: &'static str,
    /// What is not taxed.
    pub(super) exempt: &'static str,
    /// What the mark means.
    pub(super) mark: &'static str,
    /// The day of the sale, on a slip that gives back.
    pub(super) sold: &'static str,
    /// What was sold, on a slip that gives back.
    pub(super) item: &'static str,
    /// The registration number.
    pub(super) registration: &'static str,
    /// Before an amount that is given back (D-39).
    pub(super) minus: &'static str,
}

pub(super) fn lines(facts: &SlipFacts, words: &Words) -> Vec<Line> {
    if facts.tax.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<Line> = facts.tax.iter().flat_map(|line| rate(facts, line, words)).collect();
    if facts.tax.iter().any(|line| line.kind == TaxKind::Reduced) {
        lines.push(Line::Text(words.mark.to_owned()));
    }
    if let Some(refund) = &facts.refund {
        lines.push(Line::Pair(words.sold.to_owned(), date(refund.sold_at_us)));
        lines.extend(refund.item.iter().map(|item| Line::Pair(words.item.to_owned(), marked(facts, item))));
    }
    if let Some(number) = &facts.merchant.invoice_reg_no {
        lines.push(Line::Pair(words.registration.to_owned(), number.clone()));
    }
    lines
}

/// What was sold at one rate, and the tax inside it.
fn rate(facts: &SlipFacts, line: &TaxLine, words: &Words) -> Vec<Line> {
    let minus = if facts.refund.is_some() { words.minus } else { "" };
    let what = "お品代";
    let amount = format!("{minus}{}", line.amount);
    let (percent, mark) = match line.kind {
        TaxKind::Exempt => return vec![Line::Pair(format!("{what} {}", words.exempt), amount)],
        TaxKind::Standard => (percent(line.ppm), ""),
        TaxKind::Reduced => (percent(line.ppm), MARK),
    };
    vec![
        Line::Pair(format!("{what}{mark} {percent}対象"), amount),
        Line::Pair(format!(" {}", words.tax), format!("{minus}{}", line.tax)),
    ]
}

/// What was sold: marked where everything is taxed at the reduced rate.
pub(super) fn marked(facts: &SlipFacts, item: &str) -> String {
    let all_reduced = facts.tax.iter().all(|line| line.kind == TaxKind::Reduced);
    if all_reduced && !facts.tax.is_empty() { format!("{item}{MARK}") } else { item.to_owned() }
}
