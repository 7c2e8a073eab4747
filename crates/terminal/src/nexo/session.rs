//! One register a terminal: who is logged in, how the terminal is.

use super::Registers;
use super::condition;
use super::limits;
use super::once::{Refused, busy_pairs};
use super::status::running;
use super::told;
use crate::context::Reader;
use crate::journal::{Journal, JournalError};
use crate::tasks::line;
use ::nexo::header::Header;
use ::nexo::pairs::Pairs;
use ::nexo::request::{Diagnosis, Login, SaleSoftware};
use ::nexo::response::{
    Answer, BareAnswer, DiagnosisAnswer, ErrorCondition, GlobalStatus, HostStatus, LoginAnswer, PoiStatus,
    PoiSystemData, PrinterState, Response,
};
use codes::{MoneyTaken, api};
use device::hardware::{Charge, PrinterStatus};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The register that is logged in, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Logged {
    sale_id: String,
    since_us: i64,
    seen_us: i64,
    operator: Option<String>,
}

impl Journal {
    /// The register that is logged in.
    async fn kept_register(&self) -> Result<Option<Logged>, JournalError> {
        Ok(self.keep_read::<Option<Logged>>("register").await?.flatten())
    }

    /// Keeps which register is logged in.
    async fn keep_register(&self, logged: Option<&Logged>) -> Result<(), JournalError> {
        self.keep_value("register", &logged).await
    }
}

/// The center among hosts.
const CENTER: i64 = 1;

impl Registers {
    /// Who is logged in and was heard in the last day.
    async fn logged(&self) -> Option<Logged> {
        let now_us = self.clock().now_us();
        let kept = self.shared().journal.kept_register().await;
        kept.inspect_err(|error| tracing::error!(%error, "the register's login could not be read"))
            .ok()
            .flatten()
            .filter(|logged| now_us.saturating_sub(logged.seen_us) < limits::LOGIN_US)
    }

    async fn keep_logged(&self, logged: Option<&Logged>) -> bool {
        let kept = self.shared().journal.keep_register(logged).await;
        kept.inspect_err(|error| tracing::error!(%error, "the register's login could not be kept")).is_ok()
    }

    /// Why this register may not: another one is logged in.
    pub(super) async fn other_register(&self, header: &Header) -> Option<Refused> {
        let logged = self.logged().await?;
        if logged.sale_id == header.sale_id {
            let now_us = self.clock().now_us();
            // Seen once an hour is often enough for a day.
            if now_us.saturating_sub(logged.seen_us) > limits::LOGIN_US.checked_div(24).unwrap_or(0) {
                self.keep_logged(Some(&Logged { seen_us: now_us, ..logged })).await;
            }
            return None;
        }
        let pairs = condition::pairs_of(self.handle.lang(), api::NOT_ALLOWED, MoneyTaken::No)
            .with("reason", "another_register")
            .with("logged", logged.sale_id)
            .with("logged_since", told::instant(logged.since_us));
        Some(Refused { condition: ErrorCondition::NotAllowed, pairs })
    }

    /// `Login`: the first register has the terminal until it logs out.
    pub(super) async fn login(&self, header: &Header, login: &Login) -> Answer {
        let data = PoiSystemData {
            date_time: self.now(),
            poi_software: SaleSoftware {
                manufacturer_id: "Choba".to_owned(),
                application_name: "choba terminal".to_owned(),
                software_version: env!("CARGO_PKG_VERSION").to_owned(),
                certification_code: "-".to_owned(),
            },
            poi_status: Some(self.poi_status().await),
        };
        let answer = |response| Answer::Login(LoginAnswer { response, poi_system_data: Some(data.clone()) });
        if let Some(refused) = self.other_register(header).await {
            return answer(Response::failure(refused.condition, &refused.pairs));
        }
        if login.training_mode_flag == Some(true) {
            // Taking real money from somebody who means to practise would be the worst answer.
            let pairs = condition::pairs_of(self.handle.lang(), api::NOT_ALLOWED, MoneyTaken::No)
                .with("reason", "no_training");
            return answer(Response::failure(ErrorCondition::NotAllowed, &pairs));
        }
        if let Some(charge) = self.shared().battery.charge().filter(|charge| too_low(*charge)) {
            let pairs = condition::pairs_of(self.handle.lang(), api::NOT_ALLOWED, MoneyTaken::No)
                .with("reason", "battery_low")
                .with("battery", charge.percent);
            return answer(Response::failure(ErrorCondition::UnavailableDevice, &pairs));
        }
        let now_us = self.clock().now_us();
        let logged = Logged {
            sale_id: header.sale_id.clone(),
            since_us: now_us,
            seen_us: now_us,
            operator: login.operator_id.clone(),
        };
        if self.keep_logged(Some(&logged)).await {
            answer(Response::success(&self.state_pairs()))
        } else {
            let pairs = condition::pairs_of(self.handle.lang(), api::NO_SPACE, MoneyTaken::No);
            answer(Response::failure(ErrorCondition::UnavailableService, &pairs))
        }
    }

    /// `Logout`: only the register that is logged in; without one it is done already.
    pub(super) async fn logout(&self, header: &Header) -> Answer {
        let response = match self.other_register(header).await {
            Some(refused) => Response::failure(refused.condition, &refused.pairs),
            None if self.keep_logged(None).await => Response::success(&Pairs::new()),
            None => {
                let pairs = condition::pairs_of(self.handle.lang(), api::NO_SPACE, MoneyTaken::No);
                Response::failure(ErrorCondition::UnavailableService, &pairs)
            }
        };
        Answer::Logout(BareAnswer { response })
    }

    /// `Diagnosis`: how the terminal is, what it does and since when; the center too when that is asked.
    pub(super) async fn diagnosis(self: &Arc<Self>, asked: &Diagnosis) -> Answer {
        let host_status = if asked.host_diagnosis_flag == Some(true) {
            let reached = line::probe(self.shared()).await;
            vec![HostStatus { acquirer_id: CENTER, is_reachable: Some(reached) }]
        } else {
            Vec::new()
        };
        let logged = self.logged().await;
        let pairs = logged.iter().fold(self.state_pairs(), |pairs, logged| {
            let pairs = pairs.with("logged", &logged.sale_id);
            pairs.with("operator", logged.operator.as_deref().unwrap_or_default())
        });
        Answer::Diagnosis(DiagnosisAnswer {
            response: Response::success(&pairs),
            logged_sale_id: logged.into_iter().map(|logged| logged.sale_id).collect(),
            poi_status: Some(self.poi_status().await),
            host_status,
        })
    }

    /// What runs, since when, how many payments nobody can answer for yet, and the battery where there is one.
    fn state_pairs(&self) -> Pairs {
        let open = self.shared().with_shown(|shown| shown.ctx.open.len());
        let pairs = Pairs::new().with("open", open).with("version", env!("CARGO_PKG_VERSION"));
        let pairs = match self.shared().battery.charge() {
            Some(charge) => pairs.with("battery", charge.percent).with("charging", charge.charging),
            None => pairs,
        };
        let Some(busy) = self.handle.busy() else { return pairs };
        running(&busy_pairs(&busy, &Pairs::new()), pairs)
    }

    async fn poi_status(&self) -> PoiStatus {
        let busy = self.handle.busy().is_some();
        let (activated, reader, center) = self.shared().with_shown(|shown| {
            let online = matches!(shown.ctx.reader, Reader::Online { .. });
            (shown.ctx.config.is_some(), online, shown.ctx.center_up)
        });
        let global_status = match (activated, busy, center) {
            (false, _, _) => GlobalStatus::Maintenance,
            (true, true, _) => GlobalStatus::Busy,
            (true, false, true) => GlobalStatus::Ok,
            (true, false, false) => GlobalStatus::Unreachable,
        };
        PoiStatus {
            global_status,
            security_ok: Some(true),
            ped_ok: Some(reader),
            card_reader_ok: Some(reader),
            printer_status: self.printer_state().await,
            communication_ok: Some(center),
        }
    }

    /// Nothing when there is no printer, or one that is printing now.
    async fn printer_state(&self) -> Option<PrinterState> {
        let mut printer = self.shared().printer.try_lock().ok()?;
        let status = printer.as_mut()?.state().await;
        Some(match status {
            PrinterStatus::Ready => PrinterState::Ok,
            PrinterStatus::PaperOut => PrinterState::NoPaper,
            PrinterStatus::CoverOpen | PrinterStatus::Offline => PrinterState::OutOfOrder,
        })
    }
}

/// Nothing of a day's work begins on a battery that is nearly empty and not being charged.
const fn too_low(charge: Charge) -> bool {
    charge.percent <= limits::BATTERY_LEAST && !charge.charging
}
