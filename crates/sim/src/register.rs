//! The register: a scripted nexo client with a slip file. It writes a cart down before it asks, asks what
//! became of it when the answer stays away, and never asks for the same cart under another name.

use crate::bug::Bug;
use crate::disk::Disk;
use crate::message::{Letter, Party, Service, Told};
use crate::weather::QUIET_US;
use crate::world::{Halt, Wake, World};
use money::Yen;
use payment::PaymentId;
use std::collections::BTreeMap;

/// The register's own time-out (design: network 20, center 25, terminal 35, register 45 s).
const WAIT_US: i64 = 45_000_000;
/// How long a question about a service may take.
const STATUS_WAIT_US: i64 = 5_000_000;
/// Between two questions.
const AGAIN_US: i64 = 2_000_000;

/// A row of the register's file.
#[derive(Clone, Copy, Debug)]
enum Row {
    Asked { cart: u32, service: Service, amount: Yen, back: Option<PaymentId> },
    Slip { service: Service, payment: PaymentId },
    NotPaid { service: Service },
}

/// A cart as the file tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cart {
    /// Which.
    pub(crate) number: u32,
    /// How much.
    pub(crate) amount: Yen,
    /// The payment that it gives back.
    pub(crate) back: Option<PaymentId>,
    /// What became of it.
    pub(crate) end: End,
}

/// What became of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing yet.
    Open,
    /// A slip was written.
    Slip(PaymentId),
    /// It was not paid.
    NotPaid,
}

/// A register.
pub(crate) struct Register {
    lane: usize,
    disk: Disk<Row>,
    services: BTreeMap<Service, Cart>,
    carts_left: u32,
    /// The service that is asked for now.
    asking: Option<Service>,
    /// Only the newest wait counts.
    turn: u32,
}

impl Register {
    /// A register that will sell so many carts.
    pub(crate) const fn new(lane: usize, carts_left: u32) -> Self {
        Self {
            lane,
            disk: Disk::new(Party::Register(lane)),
            services: BTreeMap::new(),
            carts_left,
            asking: None,
            turn: 0,
        }
    }

    const fn party(&self) -> Party {
        Party::Register(self.lane)
    }

    const fn terminal(&self) -> Party {
        Party::Terminal(self.lane)
    }

    /// Every service with its cart.
    pub(crate) const fn services(&self) -> &BTreeMap<Service, Cart> {
        &self.services
    }

    /// Begins again from the file: what is open is asked about first.
    pub(crate) fn start(&mut self, world: &mut World) -> Result<(), Halt> {
        self.services.clear();
        self.asking = None;
        for row in self.disk.rows().to_vec() {
            self.fold(&row);
        }
        if let Some((service, _)) = self.services.iter().find(|(_, cart)| cart.end == End::Open) {
            return self.inquires(world, *service);
        }
        let after_us = world.chance.between(100_000, 8_000_000);
        world.wake(self.party(), after_us, Wake::NextCart);
        Ok(())
    }

    fn fold(&mut self, row: &Row) {
        match *row {
            Row::Asked { cart, service, amount, back } => {
                self.services.insert(service, Cart { number: cart, amount, back, end: End::Open });
            }
            Row::Slip { service, payment } => self.ends(service, End::Slip(payment)),
            Row::NotPaid { service } => self.ends(service, End::NotPaid),
        }
    }

    fn ends(&mut self, service: Service, end: End) {
        if let Some(cart) = self.services.get_mut(&service) {
            cart.end = end;
        }
    }

    fn writes(&mut self, world: &mut World, row: Row) -> Result<(), Halt> {
        let told = match &row {
            Row::Asked { cart, service, amount, .. } => {
                format!("cart {cart} of {amount} as service {}", service.0)
            }
            Row::Slip { service, payment } => {
                format!("the slip of service {}, {}", service.0, World::name(*payment))
            }
            Row::NotPaid { service } => format!("that service {} is not paid", service.0),
        };
        self.disk.commit(world, vec![row], format_args!("{told}"))?;
        self.fold(&row);
        Ok(())
    }

    /// Woken.
    pub(crate) fn woken(&mut self, world: &mut World, wake: &Wake) -> Result<(), Halt> {
        match wake {
            Wake::NextCart => self.next_cart(world),
            Wake::NoAnswer(service, turn) if self.asking == Some(*service) && self.turn == *turn => {
                self.no_answer(world, *service)
            }
            _ => Ok(()),
        }
    }

    fn next_cart(&mut self, world: &mut World) -> Result<(), Halt> {
        // The shop closes when the faults stop.
        if self.carts_left == 0 || world.now_us >= QUIET_US {
            return Ok(());
        }
        let lane = u32::try_from(self.lane).unwrap_or(0);
        let number = u32::try_from(self.services.len()).unwrap_or(0).saturating_add(1);
        let cart = lane.saturating_mul(100).saturating_add(number);
        let service = Service(cart.saturating_mul(10));
        if world.chance.permille(400) {
            let some = world.chance.below(u64::try_from(world.truth.slips.len()).unwrap_or(0));
            if let Some((of, paid)) = world.truth.slips.get(usize::try_from(some).unwrap_or(0)).copied() {
                let part = Yen::new(world.chance.between(1, paid.get())).unwrap_or(paid);
                let amount = if world.weather.parts { part } else { paid };
                self.carts_left = self.carts_left.saturating_sub(1);
                return self.asks(world, (cart, service), amount, Some(of));
            }
        }
        let ending = match world.chance.below(10) {
            0 => 51,
            1 => 91,
            2 => 99,
            _ => 80,
        };
        let yen = world.chance.between(1, 99).saturating_mul(100).saturating_add(ending);
        let Ok(amount) = Yen::new(yen) else { return Ok(()) };
        self.carts_left = self.carts_left.saturating_sub(1);
        self.asks(world, (cart, service), amount, None)
    }

    fn asks(
        &mut self,
        world: &mut World,
        (cart, service): (u32, Service),
        amount: Yen,
        back: Option<PaymentId>,
    ) -> Result<(), Halt> {
        world.truth.carts.insert(cart, amount);
        match self.writes(world, Row::Asked { cart, service, amount, back }) {
            // No space: the clerk is told, and tries again later.
            Err(Halt::Full) => {
                self.carts_left = self.carts_left.saturating_add(1);
                world.wake(self.party(), AGAIN_US, Wake::NextCart);
                return Ok(());
            }
            written => written?,
        }
        if world.has(Bug::SlipBeforeAnswer) {
            let payment = PaymentId::from_u128(u128::from(service.0));
            self.writes(world, Row::Slip { service, payment })?;
        }
        self.sends(world, service)
    }

    fn sends(&mut self, world: &mut World, service: Service) -> Result<(), Halt> {
        let Some(cart) = self.services.get(&service).copied() else { return Ok(()) };
        self.asking = Some(service);
        self.waits(world, WAIT_US, service);
        let letter = match cart.back {
            None => Letter::Sale(service, cart.amount),
            Some(of) => Letter::GiveBack(service, of, cart.amount),
        };
        if !world.send(self.party(), self.terminal(), letter)? {
            self.waits(world, AGAIN_US, service);
        }
        Ok(())
    }

    fn waits(&mut self, world: &mut World, after_us: i64, service: Service) {
        self.turn = self.turn.wrapping_add(1);
        world.wake(self.party(), after_us, Wake::NoAnswer(service, self.turn));
    }

    fn inquires(&mut self, world: &mut World, service: Service) -> Result<(), Halt> {
        self.asking = Some(service);
        self.waits(world, STATUS_WAIT_US, service);
        world.send(self.party(), self.terminal(), Letter::Status(service))?;
        Ok(())
    }

    fn no_answer(&mut self, world: &mut World, service: Service) -> Result<(), Halt> {
        let Some(cart) = self.services.get(&service).copied().filter(|cart| cart.end == End::Open) else {
            return Ok(());
        };
        if world.has(Bug::RegisterPaysAgain) && service.0 % 10 < 3 {
            self.ends(service, End::NotPaid);
            let again = Service(service.0.saturating_add(1));
            return self.asks(world, (cart.number, again), cart.amount, cart.back);
        }
        self.inquires(world, service)
    }

    /// The terminal says something about a service.
    pub(crate) fn hears(&mut self, world: &mut World, service: Service, told: Told) -> Result<(), Halt> {
        let Some(cart) = self.services.get(&service).copied() else { return Ok(()) };
        let is_open = cart.end == End::Open && self.asking == Some(service);
        if !is_open {
            return Ok(());
        }
        match told {
            Told::Unknown => {
                // Nothing was begun, so it may be asked for: under the same name.
                self.sends(world, service)
            }
            Told::Busy | Told::NotStarted | Told::Underway => {
                self.waits(world, AGAIN_US, service);
                Ok(())
            }
            Told::Paid(payment) => {
                if cart.back.is_none() {
                    world.truth.slips.push((payment, cart.amount));
                }
                self.closes(world, service, Row::Slip { service, payment })
            }
            Told::NotPaid => self.closes(world, service, Row::NotPaid { service }),
        }
    }

    fn closes(&mut self, world: &mut World, service: Service, row: Row) -> Result<(), Halt> {
        match self.writes(world, row) {
            Err(Halt::Full) => {
                self.waits(world, AGAIN_US, service);
                return Ok(());
            }
            written => written?,
        }
        self.asking = None;
        let after_us = world.chance.between(500_000, 5_000_000);
        world.wake(self.party(), after_us, Wake::NextCart);
        Ok(())
    }
}
