//! The promises: some looked at while the story goes on, the rest when it is over. An absent row is a
//! difference.

use crate::center::Row;
use crate::message::Party;
use crate::register::End;
use crate::run::Cast;
use crate::terminal::Terminal;
use crate::world::World;
use codes::MoneyTaken;
use ledger::Kind;
use money::Yen;
use netsim::code::book::Status;
use netsim::host::book::{Entry, State};
use payment::{PaymentId, RefundKind, StateName};
use std::collections::BTreeMap;
use terminal::attempt::{Attempt, Remedy, remedy};

/// What the screen of a terminal tells its clerk, looked at after every event.
pub(crate) fn screens(cast: &Cast, world: &mut World) {
    for (lane, terminal) in cast.terminals.iter().enumerate() {
        // A terminal that is off shows nothing.
        let turns = terminal.front().turns();
        let seen = world.truth.looked.get(lane).copied() == Some(turns);
        if seen || !world.is_up(Party::Terminal(lane)) {
            continue;
        }
        if let Some(looked) = world.truth.looked.get_mut(lane) {
            *looked = turns;
        }
        screen(terminal, world);
    }
}

fn screen(terminal: &Terminal, world: &mut World) {
    let front = terminal.front();
    let name = front.name();
    if let Some((id, money)) = front.says() {
        let attempt = terminal.attempts().get(&id);
        let said = World::name(id);
        let is_paid = attempt.is_some_and(|attempt| attempt.name() == StateName::Approved);
        let is_open = attempt.is_some_and(Attempt::is_open);
        match money {
            MoneyTaken::Yes if !is_paid => {
                world.broke("the screen says paid only what the journal has", format!("{said}: {name}"));
            }
            MoneyTaken::No if is_paid || is_open => {
                world.broke("a doubt is never shown as not paid", format!("{said}: {name}"));
            }
            _ => {}
        }
        let before = world.truth.said.get(&id).copied();
        let now = match money {
            MoneyTaken::Yes => Some(true),
            MoneyTaken::No => Some(false),
            MoneyTaken::Unknown => None,
        };
        if before.is_some() && before != now {
            world.broke("what the clerk was told stays so", format!("{said}: {name}"));
        }
        if let Some(now) = now {
            world.truth.said.insert(id, now);
        }
    }
    for attempt in terminal.attempts().values().filter(|a| a.is_open() && !a.acknowledged) {
        if !front.shows_doubt(attempt.id) {
            world.broke("a doubt is on the screen", format!("{}: {name}", World::name(attempt.id)));
        }
    }
    if let Some(why) = front.dead_end(|id| terminal.works_on(id)) {
        world.broke("every screen leads on", format!("{name}: {why}"));
    }
}

/// After every event: nobody says more than the party behind it has on disk.
pub(crate) fn always(cast: &Cast, world: &mut World) {
    charged_once(cast, world);
    for (lane, register) in cast.registers.iter().enumerate() {
        for cart in register.services().values() {
            let End::Slip(payment) = cart.end else { continue };
            let attempts = cast.terminals.get(lane).map(Terminal::attempts);
            let is_approved = attempts
                .and_then(|attempts| attempts.get(&payment))
                .is_some_and(|attempt| attempt.name() == StateName::Approved);
            if !is_approved {
                world.broke("no slip without a payment", format!("cart {}", cart.number));
            }
        }
    }
    for terminal in &cast.terminals {
        for attempt in terminal.attempts().values().filter(|a| a.name() == StateName::Approved) {
            let row = cast.center.tables().rows.get(&attempt.id);
            if row.is_none_or(|row| row.standing.state.name() != StateName::Approved) {
                world.broke(
                    "the terminal shows paid only what the center has",
                    World::name(attempt.id).to_string(),
                );
            }
        }
    }
    for (id, row) in &cast.center.tables().rows {
        if row.back.is_none() {
            given_back_once(cast, world, *id, row.amount);
        }
        if row.standing.state.name() == StateName::Approved && !row.standing.voided {
            let moved = if row.by_code {
                code_moved(cast, *id, row) == row.amount.get()
            } else {
                entry_of(cast, named(*id, row)).is_some_and(moved)
            };
            if !moved {
                world.broke("the center has paid only what the network took", World::name(*id).to_string());
            }
        }
    }
}

/// Under whose name the network knows it: a void under the payment's.
fn named(id: PaymentId, row: &Row) -> PaymentId {
    row.back.filter(|(_, kind)| *kind == RefundKind::Void).map_or(id, |(of, _)| of)
}

/// Whether an entry moved money: taken, whatever was given back since, or given back.
fn moved(entry: &Entry) -> bool {
    matches!(entry.state, State::Charged | State::Held) || is_back(entry)
}

/// Whether an entry says that money was given back.
fn is_back(entry: &Entry) -> bool {
    matches!(entry.state, State::Voided | State::Refunded)
}

/// What the brand says of a payment or refund by code: what it took, or gave back. A cancel of the whole
/// gives back under the payment's own name.
fn code_moved(cast: &Cast, id: PaymentId, row: &Row) -> i64 {
    let approved = |row: &&Row| row.standing.state.name() == StateName::Approved;
    let Some((of, _)) = row.back else {
        // A cancel that gives back is on its way before the center knows.
        let given_back = || {
            let counts = [StateName::Sent, StateName::InDoubt, StateName::Approved];
            let mut refunds = cast.center.tables().refunds_of(id);
            refunds.any(|back| back.amount == row.amount && counts.contains(&back.standing.state.name()))
        };
        return cast.brand.charge(id).map_or(0, |charge| match charge.status {
            Status::Completed | Status::Refunded => charge.amount.get(),
            Status::Canceled if given_back() => charge.amount.get(),
            Status::Canceled | Status::Created | Status::Failed | Status::Expired => 0,
        });
    };
    if let Some(given) = cast.brand.refund(id) {
        return given.amount.get();
    }
    let paid = cast.center.tables().rows.get(&of).filter(approved);
    let cancelled = cast.brand.charge(of).filter(|charge| charge.status == Status::Canceled);
    let another = cast.center.tables().refunds_of(of).any(|other| approved(&other));
    match (paid, cancelled) {
        (Some(paid), Some(charge)) if paid.amount == row.amount && (approved(&row) || !another) => {
            charge.amount.get()
        }
        _ => 0,
    }
}

/// Never more is given back than was paid.
fn given_back_once(cast: &Cast, world: &mut World, id: PaymentId, paid: Yen) {
    let approved = |row: &&Row| row.standing.state.name() == StateName::Approved;
    let at_center: i64 =
        cast.center.tables().refunds_of(id).filter(approved).map(|row| row.amount.get()).sum();
    let rrn = id.rrn();
    let returns = cast.network.book().values();
    let at_network: i64 = returns
        .filter(|entry| entry.of == rrn && entry.state == State::Refunded)
        .map(|entry| entry.amount.get())
        .sum();
    if at_center > paid.get() || at_network > paid.get() {
        let name = World::name(id);
        world.broke("never more back than was paid", format!("{name} of {paid}: {at_center}, {at_network}"));
    }
}

fn entry_of(cast: &Cast, id: PaymentId) -> Option<&Entry> {
    let rrn = id.rrn();
    cast.network.book().values().find(|entry| entry.key.rrn == rrn)
}

/// The customer is never charged twice for a cart, not even for a moment.
fn charged_once(cast: &Cast, world: &mut World) {
    let mut taken: BTreeMap<u32, i64> = BTreeMap::new();
    for entry in cast.network.book().values() {
        if !matches!(entry.state, State::Charged | State::Held) {
            continue;
        }
        let id = world.truth.by_rrn.get(&entry.key.rrn);
        match id.and_then(|id| world.truth.minted.get(id)) {
            Some(script) => {
                let sum = taken.entry(script.cart).or_default();
                *sum = sum.saturating_add(entry.amount.get());
            }
            None => world.broke("no charge without a payment", entry.key.to_string()),
        }
    }
    for charge in cast.brand.charges() {
        if !matches!(charge.status, Status::Completed | Status::Refunded) {
            continue;
        }
        let script = world.truth.minted.iter().find(|(id, _)| id.to_string() == charge.key.id);
        match script {
            Some((_, script)) => {
                let sum = taken.entry(script.cart).or_default();
                *sum = sum.saturating_add(charge.amount.get());
            }
            None => world.broke("no charge without a payment", charge.key.id.clone()),
        }
    }
    for (cart, sum) in taken {
        let amount = world.truth.carts.get(&cart).copied().map_or(0, Yen::get);
        if sum > amount {
            world.broke("a cart is charged once", format!("cart {cart} of {amount}: {sum} taken"));
        }
    }
}

/// When the faults have stopped for a minute: everything is settled, and all books say the same.
pub(crate) fn at_the_end(cast: &Cast, world: &mut World) {
    nothing_is_open(cast, world);
    for register in &cast.registers {
        let mut slips: BTreeMap<u32, PaymentId> = BTreeMap::new();
        for cart in register.services().values() {
            let End::Slip(payment) = cart.end else { continue };
            if slips.insert(cart.number, payment).is_some() {
                world.broke("a cart has one slip", format!("cart {}", cart.number));
            }
        }
    }
    let ids: Vec<PaymentId> = world.truth.minted.keys().copied().collect();
    for id in ids {
        books_agree(cast, world, id);
    }
    ledger_is_sound(cast, world);
    for terminal in cast.terminals.iter().filter(|terminal| !terminal.front().is_free()) {
        let name = terminal.front().name();
        world.broke("the screen is free for the next customer", name.to_owned());
    }
}

fn nothing_is_open(cast: &Cast, world: &mut World) {
    for terminal in &cast.terminals {
        for attempt in terminal.attempts().values() {
            if !attempt.name().is_final() || remedy(attempt) != Remedy::None {
                let what =
                    format!("{} is {} at its terminal", World::name(attempt.id), attempt.name().word());
                world.broke("nothing is left open", what);
            }
        }
    }
    let tables = cast.center.tables();
    for (id, row) in &tables.rows {
        if !row.standing.state.name().is_final() || row.standing.advice.is_some() {
            let state = row.standing.state.name().word();
            let advice = row.standing.advice.map_or("nothing", acquiring::step::Advice::word);
            let what = format!("{} is {state} at the center, to be told: {advice}", World::name(*id));
            world.broke("nothing is left open", what);
        }
    }
    if let Some(((id, advice), _)) = tables.outbox.first_key_value() {
        world.broke(
            "nothing is left open",
            format!("{} of {} in the outbox", advice.word(), World::name(*id)),
        );
    }
    for register in &cast.registers {
        for cart in register.services().values().filter(|cart| cart.end == End::Open) {
            world.broke("nothing is left open", format!("cart {} at its register", cart.number));
        }
    }
}

/// Whether a void was not this one but another of the same payment.
fn was_voided_by_another(cast: &Cast, id: PaymentId, row: Option<&Row>) -> bool {
    let Some((of, RefundKind::Void | RefundKind::Refund)) = row.and_then(|row| row.back) else {
        return false;
    };
    let approved = |(other, row): (&PaymentId, &Row)| {
        *other != id
            && row.back.is_some_and(|(known, _)| known == of)
            && row.standing.state.name() == StateName::Approved
    };
    cast.center.tables().rows.iter().any(approved)
}

/// What each book says was taken for a payment.
fn books_agree(cast: &Cast, world: &mut World, id: PaymentId) {
    let attempt = cast.terminals.iter().find_map(|terminal| terminal.attempts().get(&id));
    let row = cast.center.tables().rows.get(&id);
    let entry = entry_of(cast, row.map_or(id, |row| named(id, row)));
    let gives_back = row.is_some_and(|row| row.back.is_some());
    // Of two voids of one payment only one can have been carried out.
    let by_another = was_voided_by_another(cast, id, row);
    let at_terminal = attempt.filter(|a| a.name() == StateName::Approved).map_or(0, |a| a.amount.get());
    let shown = row.map(|row| row.standing.shown_state());
    let at_center = row.filter(|_| shown == Some(StateName::Approved)).map_or(0, |row| row.amount.get());
    let at_network = entry
        .filter(|entry| if gives_back { is_back(entry) && !by_another } else { moved(entry) })
        .map_or(0, |entry| entry.amount.get());
    let by_code = row.is_some_and(|row| row.by_code);
    let at_brand = row.filter(|row| row.by_code).map(|row| code_moved(cast, id, row));
    let at_network = at_brand.unwrap_or(at_network);
    let charge = cast.brand.charge(id);
    let is_known = if by_code || charge.is_some() { charge.is_some() } else { entry.is_some() };
    let value = value_of(cast, id);
    let in_ledger = if gives_back { value.saturating_neg() } else { value };
    let on_slip: i64 = cast
        .registers
        .iter()
        .flat_map(|register| register.services().values())
        .filter(|cart| cart.end == End::Slip(id))
        .map(|cart| cart.amount.get())
        .sum();
    let name = World::name(id);
    if [at_terminal, at_center, at_network, in_ledger].iter().any(|book| *book != on_slip) {
        world.broke(
            "the books are equal",
            format!("{name}: slip {on_slip}, terminal {at_terminal}, center {at_center}, ledger {in_ledger}, network {at_network}"),
        );
    }
    let said = world.truth.said.get(&id).copied();
    if said.is_some_and(|paid| paid != (at_network > 0)) {
        world.broke("the clerk was told what is so", format!("{name}: {said:?}, network {at_network}"));
    }
    // An absent row is a difference: what the network or the center knows, whoever asked must know too.
    if (row.is_some() || is_known) && attempt.is_none() {
        world.broke("an absent row is a difference", format!("{name} is not in its terminal's journal"));
    }
    if is_known && row.is_none() {
        world.broke("an absent row is a difference", format!("{name} is not in the center's table"));
    }
    let must_be_known = attempt.is_some_and(|attempt| {
        matches!(
            attempt.name(),
            StateName::Approved | StateName::Declined | StateName::Reversed | StateName::Released
        )
    });
    if must_be_known && row.is_none() {
        world.broke("an absent row is a difference", format!("{name} is not in the center's table"));
    }
}

/// What the ledger says a payment moved, its void taken off.
fn value_of(cast: &Cast, id: PaymentId) -> i64 {
    let ledger = &cast.center.tables().ledger;
    let moved = |id: PaymentId| -> i64 {
        [true, false]
            .iter()
            .filter_map(|opens| ledger.get(&(id, *opens)))
            .filter(|transfer| transfer.kind.moves_value())
            .map(|transfer| match transfer.debit {
                ledger::Account::NetworkReceivable { .. } => transfer.amount.get(),
                ledger::Account::MerchantPayable { .. } => transfer.amount.get().saturating_neg(),
                // Settlement's, which is not simulated.
                _ => 0,
            })
            .sum()
    };
    let voids: i64 = (0..8).map(|times| moved(crate::center::void_id(id, times))).sum();
    moved(id).saturating_add(voids)
}

/// Sums are zero, and every hold has ended.
fn ledger_is_sound(cast: &Cast, world: &mut World) {
    let ledger = &cast.center.tables().ledger;
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for ((id, _), transfer) in ledger {
        if transfer.kind == Kind::Pending && !ledger.contains_key(&(*id, false)) {
            world.broke("every hold ends", World::name(*id).to_string());
        }
        if transfer.kind.moves_value() {
            let mut add = |key: String, yen: i64| {
                let sum = sums.entry(key).or_default();
                *sum = sum.saturating_add(yen);
            };
            add(transfer.debit.to_string(), transfer.amount.get());
            add(transfer.credit.to_string(), transfer.amount.get().saturating_neg());
        }
    }
    if sums.values().sum::<i64>() != 0 {
        world.broke("the ledger sums to zero", format!("{sums:?}"));
    }
}
