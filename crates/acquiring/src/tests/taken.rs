//! What settlement reads: which unit moved the value of a payment, a refund and a void at once.

use super::*;
use crate::taken::{self, Back, Subject, Taken};
use codes::pay;

impl Center {
    async fn of_day(&self, on: &'static str) -> (Vec<Taken>, Vec<Back>) {
        let read = move |tx: &mut store::ReadTx<'_>| {
            let (mut rows, mut backs) = (Vec::new(), Vec::new());
            taken::rows_of_day(tx, T, on, |row| {
                rows.push(row);
                Ok(())
            })?;
            taken::backs_of_day(tx, T, on, |row| {
                backs.push(row);
                Ok(())
            })?;
            Ok((rows, backs))
        };
        self.base.read(read).await.unwrap()
    }

    async fn book(&self) -> Vec<books::Entry> {
        self.base.read(|tx| Ok(books::after(tx, T, 0, 100)?)).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_names_the_unit_that_moved_its_value() {
    for (db, network) in each().await {
        store::prepare_all(&db, taken::STATEMENTS).unwrap();
        let center = Center::start(&db, &network.address, "a-1");
        center.paid(ask(id(1), 880)).await;
        center.paid(ask(id(2), 500)).await;
        center.reverse_because(id(2), 500, pay::CRYPTOGRAM_REFUSED).await.unwrap();
        center.paid(signed_ask(id(3), 1_200)).await;
        while center.worker.drain().await.unwrap() > 0 {}
        db.clock.advance(seconds(86_400));
        let back = super::refunds::wanted(id(9), id(1), 880);
        center.acquiring.give_back(crate::refund::path::Giver::Terminal(by()), back).await.unwrap();
        let (rows, backs) = center.of_day("2026-11-21").await;
        let seq_of = |entries: &[books::Entry], id: PaymentId| {
            entries.iter().rfind(|entry| entry.transfer.payment == id).unwrap().seq
        };
        let book = center.book().await;
        let void_id = center.row(id(2)).await.void_id();
        let seen: Vec<_> = rows.iter().map(|row| (row.id, row.posted_seq, row.voided_seq)).collect();
        assert_eq!(
            seen,
            [
                (id(1), seq_of(&book, id(1)), None),
                (id(2), seq_of(&book, id(2)), Some(seq_of(&book, void_id))),
                (id(3), 0, None),
            ]
        );
        assert_eq!((rows[2].state, backs.len()), (StateName::Authorized, 0), "held, and not value yet");
        let (_, backs) = center.of_day("2026-11-22").await;
        assert_eq!((backs[0].id, backs[0].posted_seq), (id(9), seq_of(&book, id(9))));
        assert_eq!(backs[0].of, rows[0]);
        let subject = |of| center.base.read(move |tx| Ok(taken::subject(tx, T, of)?));
        assert_eq!(subject(id(1)).await.unwrap(), Some(Subject::Sale(rows[0].clone())));
        assert_eq!(subject(id(9)).await.unwrap(), Some(Subject::Back(backs[0].clone())));
        assert_eq!(subject(void_id).await.unwrap(), Some(Subject::Void(rows[1].clone())));
        assert_eq!(subject(id(7)).await.unwrap(), None);
        center.complete(id(3)).await.unwrap();
        let book = center.book().await;
        let (rows, _) = center.of_day("2026-11-21").await;
        assert_eq!((rows[2].state, rows[2].posted_seq), (StateName::Approved, seq_of(&book, id(3))));
    }
}
