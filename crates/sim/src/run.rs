//! One seed from its beginning to its end.

use crate::brand::Brand;
use crate::bug::Bug;
use crate::center::Center;
use crate::check;
use crate::doubt::{self, Doubts};
use crate::message::{LANES, Letter, Party};
use crate::network::Network;
use crate::register::Register;
use crate::story::Story;
use crate::terminal::Terminal;
use crate::weather::{QUIET_US, REST_US, SETTLED_US};
use crate::world::{Broken, Dead, Event, Halt, Wake, World};

/// Events of one seed at most: more is a loop.
const EVENTS: u32 = 200_000;

/// The parties.
pub(crate) struct Cast {
    /// The registers.
    pub(crate) registers: Vec<Register>,
    /// Their terminals.
    pub(crate) terminals: Vec<Terminal>,
    /// The center.
    pub(crate) center: Center,
    /// The network.
    pub(crate) network: Network,
    /// The code brand.
    pub(crate) brand: Brand,
}

/// How a seed ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The seed.
    pub seed: u64,
    /// The promise that was broken first.
    pub broken: Option<Broken>,
    /// What happened: its hash, and its lines when they were to be told.
    pub story: Story,
    /// Events.
    pub events: u32,
    /// Payments that were begun.
    pub payments: usize,
    /// How long its doubts lasted once the links were back.
    pub doubts: doubt::Ended,
}

/// Runs a seed. `told` keeps the story's lines; `bug` plants one.
pub fn run(seed: u64, told: bool, bug: Option<Bug>) -> Ended {
    let mut world = World::new(seed, told, bug);
    let (mut events, mut doubts) = (0, Doubts::default());
    match cast(&mut world) {
        Some(mut cast) => play(&mut cast, &mut world, &mut events, &mut doubts),
        None => world.broke("the cast can be made", String::new()),
    }
    let payments = world.truth.minted.len();
    Ended { seed, broken: world.broken, story: world.story, events, payments, doubts: doubts.ended() }
}

fn cast(world: &mut World) -> Option<Cast> {
    let registers = (0..LANES)
        .map(|lane| Register::new(lane, u32::try_from(world.chance.between(1, 4)).unwrap_or(1)))
        .collect();
    let cast = Cast {
        registers,
        terminals: (0..LANES).map(Terminal::new).collect(),
        center: Center::new(),
        network: Network::new()?,
        brand: Brand::new(),
    };
    for party in Party::ALL {
        let after_us = world.chance.between(0, 50_000);
        world.start(party, after_us);
    }
    Some(cast)
}

fn play(cast: &mut Cast, world: &mut World, events: &mut u32, doubts: &mut Doubts) {
    let settled_us = QUIET_US.saturating_add(SETTLED_US);
    for until_us in [QUIET_US, settled_us, settled_us.saturating_add(REST_US)] {
        while let Some(event) = world.next(until_us) {
            *events = events.saturating_add(1);
            if *events > EVENTS {
                world.broke("a story ends", format!("more than {EVENTS} events"));
            }
            // Whoever starts reads what he wrote before he died.
            let starts = matches!(event, Event::Start(_));
            happens(cast, world, event);
            if std::mem::take(&mut world.written) || starts {
                check::always(cast, world);
                doubts.look(cast, world);
            }
            check::screens(cast, world);
            if world.broken.is_some() {
                return;
            }
        }
        if until_us == QUIET_US {
            doubts.begin(cast, world);
            continue;
        }
        doubts.check(world, until_us);
        check::at_the_end(cast, world);
        if world.broken.is_some() {
            return;
        }
    }
}

fn happens(cast: &mut Cast, world: &mut World, event: Event) {
    let (party, halted) = match event {
        Event::Start(party) => {
            world.begins(party);
            world.tell(party, format_args!("starts"));
            (party, starts(cast, world, party))
        }
        Event::Wake { party, life, wake } if world.is_for(party, life) => {
            (party, woken(cast, world, party, &wake))
        }
        Event::Wake { .. } => return,
        Event::Arrive { to, .. } if !world.is_up(to) => return,
        Event::Arrive { from, to, letter } => {
            world.tell(to, format_args!("← {from}: {letter}"));
            (to, hears(cast, world, from, to, letter))
        }
    };
    match halted {
        Ok(()) => {}
        Err(Halt::Dead) => world.dies(party),
        // A program that cannot write at its start ends and is started again.
        Err(Halt::Full) => world.dies(party),
    }
}

fn starts(cast: &mut Cast, world: &mut World, party: Party) -> Result<(), Halt> {
    match party {
        Party::Register(lane) => cast.registers.get_mut(lane).map_or(Ok(()), |r| r.start(world)),
        Party::Terminal(lane) => cast.terminals.get_mut(lane).map_or(Ok(()), |t| t.start(world)),
        Party::Center => cast.center.start(world),
        Party::Network => {
            cast.network.start();
            Ok(())
        }
        Party::Brand => {
            cast.brand.start();
            Ok(())
        }
    }
}

fn woken(cast: &mut Cast, world: &mut World, party: Party, wake: &Wake) -> Result<(), Halt> {
    match party {
        Party::Register(lane) => cast.registers.get_mut(lane).map_or(Ok(()), |r| r.woken(world, wake)),
        Party::Terminal(lane) => cast.terminals.get_mut(lane).map_or(Ok(()), |t| t.woken(world, wake)),
        Party::Center => cast.center.woken(world, wake),
        Party::Network => cast.network.woken(world),
        Party::Brand => Ok(()),
    }
}

fn hears(cast: &mut Cast, world: &mut World, from: Party, to: Party, letter: Letter) -> Result<(), Halt> {
    match (to, letter) {
        (Party::Register(lane), Letter::Told(service, told)) => {
            cast.registers.get_mut(lane).map_or(Ok(()), |r| r.hears(world, service, told))
        }
        (Party::Terminal(lane), letter) => {
            let Some(terminal) = cast.terminals.get_mut(lane) else { return Ok(()) };
            match letter {
                Letter::Sale(service, amount) => terminal.begins(world, service, amount, None),
                Letter::GiveBack(service, of, amount) => terminal.begins(world, service, amount, Some(of)),
                Letter::Status(service) => terminal.status(world, service),
                Letter::Answer(call, answer) => terminal.hears(world, call, answer),
                Letter::Pong(call) => {
                    terminal.pong(world, call);
                    Ok(())
                }
                _ => Ok(()),
            }
        }
        (Party::Center, Letter::Ask { call, counter, id, what }) => {
            let Party::Terminal(lane) = from else { return Ok(()) };
            cast.center.asked(world, lane, (call, counter), id, &what)
        }
        (Party::Center, Letter::Ping(call)) => {
            world.send(to, from, Letter::Pong(call)).map(|_| ()).map_err(Halt::from)
        }
        (Party::Center, Letter::Iso(message)) => cast.center.hears(world, &message),
        (Party::Center, Letter::FromBrand(call, status, body)) => {
            cast.center.hears_brand(world, call, status, &body)
        }
        (Party::Network, Letter::Iso(message)) => cast.network.hears(world, &message),
        (Party::Brand, Letter::ToBrand(call, ask)) => cast.brand.hears(world, call, &ask),
        _ => Err(Dead.into()),
    }
}
