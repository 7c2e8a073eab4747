//! The customer's code: waited for, recognised, asked about (T11, M-040 … M-044, R-037).

use super::card::{expired, give_up, until_us};
use crate::attempt::Attempt;
use crate::context::{Context, instant, seconds};
use crate::event::{Done, Effect, Event, Local, Moment, NewPayment, Press, ReadCode};
use crate::screen::{Brands, Processing, Scan, ScanHint, Screen};
use crate::step::{Step, follow};
use center_api::CodeToken;
use codes::{Code, pay};
use cpm::prefix::{Recognised, recognise};
use cpm::scan::NotACode;
use payment::{Brand, StateName};

/// A code without its middle: what may be shown and kept of it.
pub(crate) fn masked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let end = chars.len().saturating_sub(4);
    if chars.len() < 12 {
        return "****".to_owned();
    }
    let part =
        |range: std::ops::Range<usize>| chars.get(range).unwrap_or_default().iter().collect::<String>();
    format!("{}****{}", part(0..4), part(end..chars.len()))
}

pub(crate) fn first_screen(attempt: Box<Attempt>, new: &NewPayment, at: Moment) -> Screen {
    Screen::Scan(Scan {
        attempt,
        since_us: new.since_us,
        armed_us: at.now_us,
        ready: false,
        brand: None,
        hint: None,
        given: new.code.clone(),
    })
}

/// When nobody has shown a code (404), or the payment as a whole is over (401).
pub(crate) fn deadline_us(ctx: &Context, scan: &Scan) -> i64 {
    let waited = scan.armed_us.saturating_add(seconds(ctx.policy().present_wait_s));
    waited.min(until_us(ctx, &scan.attempt, scan.since_us))
}

pub(crate) fn scan(ctx: &Context, scan: Scan, event: Event, at: Moment) -> Step {
    let id = scan.attempt.id;
    match event {
        Event::Done(Done::Changed(attempt)) if attempt.id == id => changed(ctx, scan, attempt, at),
        Event::Done(Done::NotStarted(of, code)) if of == id => super::card::not_started(*scan.attempt, code),
        // midway cancel from the reading screen.
        Event::Press(Press::Cancel) => over(scan, pay::CANCELLED, true),
        Event::Local(Local::Cancel(of)) if of == id => over(scan, pay::CANCELLED, true),
        Event::Press(Press::Code(code)) | Event::Scanned(code) if scan.ready => {
            let code = ReadCode { brand: scan.brand, ..code };
            take(ctx, scan, code, at)
        }
        Event::Press(Press::OpenBrands) if scan.ready => {
            let offered = ctx.code_brands();
            Step::to(Screen::Brands(Brands { scan, read: None, offered }))
        }
        Event::Press(Press::ChooseBrand(None)) => {
            Step::to(Screen::Scan(Scan { brand: None, hint: None, ..scan }))
        }
        Event::Tick => tick(ctx, scan, at),
        _ => Step::deaf(Screen::Scan(scan)),
    }
}

fn over(scan: Scan, code: Code, quietly: bool) -> Step {
    give_up(scan.attempt, scan.since_us, code, quietly)
}

fn tick(ctx: &Context, scan: Scan, at: Moment) -> Step {
    match expired(ctx, &scan.attempt, scan.since_us, at) {
        Some((code, quietly)) => over(scan, code, quietly),
        None if at.now_us >= deadline_us(ctx, &scan) => over(scan, pay::WAIT_EXPIRED, false),
        None => Step::deaf(Screen::Scan(scan)),
    }
}

fn changed(ctx: &Context, scan: Scan, attempt: Box<Attempt>, at: Moment) -> Step {
    if attempt.name() != StateName::Started {
        return follow(*attempt, at);
    }
    let fresh = !scan.ready;
    let mut scan = Scan { attempt, ready: true, ..scan };
    match scan.given.take() {
        Some(code) if fresh => take(ctx, scan, code, at),
        _ if fresh => Step::to(Screen::Scan(Scan { armed_us: at.now_us, ..scan })),
        _ => Step::to(Screen::Scan(scan)),
    }
}

/// A code was read: whose is it, and may it pay here?
fn take(ctx: &Context, scan: Scan, code: ReadCode, at: Moment) -> Step {
    let hint = |scan: Scan, hint| {
        Step::to(Screen::Scan(Scan { hint: Some(hint), armed_us: at.now_us, ready: true, ..scan }))
    };
    let contracts = ctx.code_brands();
    let read = match cpm::scan::read(code.token.unmask()) {
        Ok(read) => read,
        Err(NotACode::ShopsCode | NotACode::Link) => return hint(scan, ScanHint::ShopsCode),
        Err(_) => return hint(scan, ScanHint::NotACode),
    };
    // As it goes to the brand: without the spaces and groups that people type.
    let code = ReadCode { token: CodeToken::new(read.token.unmask()), ..code };
    match (recognise(&read, clock::business_date(instant(at.now_us))), code.brand) {
        (Recognised::Brands(brands), Some(chosen)) if brands.contains(&chosen) => ask(scan.attempt, code, at),
        (Recognised::Brands(brands), Some(_)) => match brands.first() {
            Some(brand) => hint(scan, ScanHint::OtherBrand(*brand)),
            None => hint(scan, ScanHint::NotACode),
        },
        (Recognised::Brands(brands), None) => {
            let here: Vec<Brand> = brands.iter().copied().filter(|b| contracts.contains(b)).collect();
            match (here.as_slice(), brands.first()) {
                ([brand], _) => ask(scan.attempt, ReadCode { brand: Some(*brand), ..code }, at),
                ([], Some(brand)) => hint(scan, ScanHint::NotAccepted(*brand)),
                ([], None) => hint(scan, ScanHint::NotACode),
                // Ranges overlap: only the customer's phone says whose it is.
                (_, _) => Step::to(Screen::Brands(Brands { scan, read: Some(code), offered: here })),
            }
        }
        (Recognised::NotTaken { service, .. }, _) => hint(scan, ScanHint::NotTaken(service)),
        // M-042: the clerk has said it beforehand, or is asked now.
        (Recognised::Unknown, Some(_)) => ask(scan.attempt, code, at),
        (Recognised::Unknown, None) => {
            Step::to(Screen::Brands(Brands { scan, read: Some(code), offered: contracts }))
        }
    }
}

fn ask(attempt: Box<Attempt>, code: ReadCode, at: Moment) -> Step {
    let limit = code.brand.and_then(|brand| brand.row().ok()).map(|row| row.limit);
    if limit.is_some_and(|limit| attempt.amount > limit) {
        return give_up(attempt, at.now_us, pay::ABOVE_LIMIT, false);
    }
    let id = attempt.id;
    let processing =
        Processing { brand: code.brand, card_in: false, since_us: at.now_us, slow: false, attempt };
    Step::to(Screen::Processing(processing)).with(Effect::AskCode(id, code))
}

pub(crate) fn brands(ctx: &Context, list: Brands, event: Event, at: Moment) -> Step {
    let id = list.scan.attempt.id;
    match event {
        Event::Press(Press::ChooseBrand(Some(brand))) if list.offered.contains(&brand) => match list.read {
            Some(code) => ask(list.scan.attempt, ReadCode { brand: Some(brand), ..code }, at),
            None => Step::to(Screen::Scan(Scan {
                brand: Some(brand),
                hint: None,
                armed_us: at.now_us,
                ..list.scan
            })),
        },
        Event::Press(Press::ChooseBrand(None) | Press::Back) => {
            Step::to(Screen::Scan(Scan { brand: None, hint: None, armed_us: at.now_us, ..list.scan }))
        }
        Event::Press(Press::Cancel) => over(list.scan, pay::CANCELLED, true),
        Event::Local(Local::Cancel(of)) if of == id => over(list.scan, pay::CANCELLED, true),
        Event::Tick => match expired(ctx, &list.scan.attempt, list.scan.since_us, at) {
            Some((code, quietly)) => over(list.scan, code, quietly),
            None => Step::deaf(Screen::Brands(list)),
        },
        Event::Done(Done::Changed(attempt)) if attempt.id == id => follow(*attempt, at),
        _ => Step::deaf(Screen::Brands(list)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_shown_without_what_pays() {
        assert_eq!(masked("281012345678901234"), "2810****1234");
        assert_eq!(masked("12345678"), "****");
        assert_eq!(masked(""), "****");
    }
}
