//! What the center has seen of each terminal's journal, and whether it goes on from there (S9, R11).
//!
//! A terminal's journal only grows, and the hash of an entry covers all before it. So two devices with
//! one data folder, and a folder or a database restored from an old backup, show by number and hash
//! alone, whatever the clocks say. Who does not go on from what was seen is blocked at once.

use crate::administration::{REVOKE, record};
use center_api::JournalStanding as Standing;
use center_base::{CompanyId, Refusal, ShopId, SignedBy, TerminalId};
use serde_json::json;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(crate) const MIGRATION: Migration = Migration {
    name: "fleet/0003_journal",
    sql: "-- The newest entry of each terminal's journal that the center has seen.
        CREATE TABLE terminal_journal (
            tenant BIGINT NOT NULL,
            terminal_id TEXT NOT NULL,
            seq BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            seen_us BIGINT NOT NULL,
            standing TEXT NOT NULL,
            PRIMARY KEY (tenant, terminal_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
};

pub(crate) const LOAD: &str = "SELECT seq, hash, standing FROM terminal_journal
      WHERE tenant = $1 AND terminal_id = $2";
pub(crate) const SAVE: &str =
    "INSERT INTO terminal_journal (tenant, terminal_id, seq, hash, seen_us, standing)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, terminal_id) DO UPDATE SET seq = $3, hash = $4, seen_us = $5, standing = $6";
pub(crate) const FORGET: &str = "DELETE FROM terminal_journal WHERE tenant = $1 AND terminal_id = $2";
pub(crate) const BLOCKED: &str = "SELECT j.terminal_id, t.company_id, t.shop_id, j.seq, j.standing
       FROM terminal_journal j JOIN terminal t ON t.tenant = j.tenant AND t.id = j.terminal_id
      WHERE j.tenant = $1 AND j.standing <> 'fine' ORDER BY j.terminal_id";
pub(crate) const LET_IN: &str = "UPDATE terminal SET revoked = 0 WHERE tenant = $1 AND id = $2";

/// A place in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// From 1; 0 is the beginning.
    pub seq: i64,
    /// Covers everything up to it.
    pub hash: [u8; 32],
}

/// What an upload shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether the journal goes on from what was seen.
    pub standing: Standing,
    /// A number is missing in it.
    pub gap: bool,
}

/// Compares an upload with what was seen before; nothing was seen of a terminal that is new, or was let
/// in again after a review.
pub fn judge(seen: Option<Point>, after: Point, links: &[Point]) -> Judged {
    let gap = (1..).zip(links).any(|(step, link)| after.seq.saturating_add(step) != link.seq);
    let standing = match seen {
        None => Standing::Fine,
        Some(seen) if after.seq > seen.seq => Standing::CenterBehind,
        Some(seen) => {
            let there = std::iter::once(&after).chain(links).find(|point| point.seq == seen.seq);
            match there {
                Some(point) if point.hash == seen.hash => Standing::Fine,
                Some(_) => Standing::Copied,
                None if links.iter().any(|link| link.seq > seen.seq) => Standing::Copied,
                None => Standing::TerminalBehind,
            }
        }
    };
    Judged { standing, gap }
}

fn read(row: &Row<'_>) -> Result<(Point, Standing), DbError> {
    let standing = Standing::from_word(row.text(2)?)
        .ok_or_else(|| Inconsistent::new("terminal_journal.standing", "a standing"))?;
    Ok((Point { seq: row.i64(0)?, hash: row.array(1)? }, standing))
}

/// How far a terminal's journal was seen, and how it stands; nothing when it never sent it.
pub fn journal(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    terminal: &TerminalId,
) -> Result<Option<(Point, Standing)>, DbError> {
    tx.query_opt(LOAD, params![tenant, terminal], read)
}

/// Takes an upload in: remembers how far it goes, or blocks the terminal. A terminal that is blocked for
/// its journal hears the same again until an operator lets it in.
pub fn follow_journal(
    tx: &mut Tx<'_>,
    by: &SignedBy,
    after: Point,
    links: &[Point],
) -> Result<Judged, Refusal> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let seen = journal(tx, tenant, &by.terminal)?;
    if let Some((_, standing)) = seen.filter(|(_, standing)| *standing != Standing::Fine) {
        return Ok(Judged { standing, gap: false });
    }
    crate::advance_counter(tx, by)?;
    let judged = judge(seen.map(|(point, _)| point), after, links);
    let last = links.last().copied().unwrap_or(after);
    match judged.standing {
        Standing::Fine => {
            let values = params![tenant, &by.terminal, last.seq, &last.hash, now_us, Standing::Fine.word()];
            tx.execute(SAVE, values)?;
        }
        standing => block(tx, &by.terminal, standing, last)?,
    }
    Ok(judged)
}

/// Blocks a terminal for what its journal or its counter shows.
pub(crate) fn block(
    tx: &mut Tx<'_>,
    terminal: &TerminalId,
    standing: Standing,
    last: Point,
) -> Result<(), Refusal> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let seen = journal(tx, tenant, terminal)?.map_or(Point { seq: 0, hash: [0; 32] }, |(point, _)| point);
    tx.execute(SAVE, params![tenant, terminal, seen.seq, &seen.hash, now_us, standing.word()])?;
    tx.execute(REVOKE, params![tenant, terminal])?;
    tracing::warn!(%terminal, standing = standing.word(), "a terminal is blocked");
    let detail = json!({ "reason": standing.word(), "seen": seen.seq, "came": last.seq });
    record(tx, "center", "terminal_blocked", terminal, detail)
}

/// A terminal that is blocked for its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedTerminal {
    /// Which.
    pub terminal: TerminalId,
    /// Its company.
    pub company: CompanyId,
    /// Its shop.
    pub shop: ShopId,
    /// How far the center had seen its journal.
    pub seen_seq: i64,
    /// Why.
    pub standing: Standing,
}

/// The terminals that are blocked for their journals.
pub fn blocked_terminals(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Vec<BlockedTerminal>, DbError> {
    tx.query_all(BLOCKED, params![tenant], |row| {
        let standing = Standing::from_word(row.text(4)?)
            .ok_or_else(|| Inconsistent::new("terminal_journal.standing", "a standing"))?;
        Ok(BlockedTerminal {
            terminal: row.text(0)?.into(),
            company: row.text(1)?.into(),
            shop: row.text(2)?.into(),
            seen_seq: row.i64(3)?,
            standing,
        })
    })
}

/// Lets a terminal in again after a review: the next upload of its journal is taken as it comes. Should a
/// second device still use the same data, it shows again. The caller refreshes the configuration.
pub fn let_in(tx: &mut Tx<'_>, who: &str, terminal: &TerminalId, reason: &str) -> Result<(), Refusal> {
    let tenant = tx.tenant();
    let stands = journal(tx, tenant, terminal)?.is_some_and(|(_, standing)| standing != Standing::Fine);
    if !stands {
        return Err(
            Refusal::from(codes::api::WRONG_STATE).detail("this terminal is not blocked for its journal")
        );
    }
    tx.execute(FORGET, params![tenant, terminal])?;
    tx.execute(LET_IN, params![tenant, terminal])?;
    record(tx, who, "terminal_let_in", terminal, json!({ "reason": reason }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: i64, branch: u8) -> Point {
        Point { seq, hash: [branch; 32] }
    }

    /// What a case is called, what was seen, where the upload begins, its points, the verdict.
    type Row<'a> = (&'a str, Option<Point>, Point, &'a [Point], Standing);

    #[test]
    fn a_journal_goes_on_or_shows_a_copy_or_an_old_backup() {
        // S9, R11
        use Standing::{CenterBehind, Copied, Fine, TerminalBehind};
        let seen = Some(at(10, 10));
        let table: [Row<'_>; 10] = [
            ("the first time", None, at(0, 0), &[at(1, 1)], Fine),
            ("it goes on", seen, at(10, 10), &[at(11, 11), at(12, 12)], Fine),
            ("nothing new", seen, at(10, 10), &[], Fine),
            (
                "the answer to the last one was lost",
                seen,
                at(8, 8),
                &[at(9, 9), at(10, 10), at(11, 11)],
                Fine,
            ),
            ("the copy was faster", seen, at(8, 8), &[at(9, 9), at(10, 77), at(11, 78)], Copied),
            ("the copy began at the same place", seen, at(10, 77), &[at(11, 78)], Copied),
            ("the copy was slower", seen, at(8, 8), &[at(9, 77)], TerminalBehind),
            ("an old backup of the terminal", seen, at(5, 5), &[], TerminalBehind),
            ("an old backup of the center", seen, at(14, 14), &[at(15, 15)], CenterBehind),
            ("a hole where the center stands", seen, at(8, 8), &[at(11, 11)], Copied),
        ];
        for (what, seen, after, links, wanted) in table {
            assert_eq!(judge(seen, after, links).standing, wanted, "{what}");
        }
        assert!(judge(None, at(0, 0), &[at(1, 1), at(3, 3)]).gap);
        assert!(!judge(None, at(0, 0), &[at(1, 1), at(2, 2)]).gap);
    }
}
