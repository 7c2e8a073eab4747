//! One unit at a time: values, rows, constraints, errors, the sequence and the chain.

use crate::{ADD_PURSE, MIGRATIONS, T1, T2, journal, note, purse};
use store::testing::{START, both};
use store::{DbError, ReadError, Value, WriteError, params, prepare_all};

const ADD_CELLS: &str = "INSERT INTO cells (tenant, id, number, words, raw) VALUES ($1, $2, $3, $4, $5)";

#[test]
fn every_value_comes_back_as_it_went_in() {
    let all: Vec<u8> = (0..=255).collect();
    both(MIGRATIONS, |t| {
        let bytes = all.clone();
        t.write_blocking(T1, move |tx| {
            tx.execute(ADD_CELLS, params![T1, 1, i64::MAX, "帳場 '$1' \\ \u{1F9FE}", &bytes])?;
            tx.execute(ADD_CELLS, params![T1, 2, i64::MIN, "", &[0_u8; 0]])?;
            tx.execute(ADD_CELLS, params![T1, 3, None::<i64>, None::<&str>, None::<&[u8]>])
        })
        .unwrap();
        let rows = t
            .read_blocking(|tx| {
                tx.query_all("SELECT number, words, raw FROM cells ORDER BY id", params![], |row| {
                    Ok((
                        row.opt_i64(0)?,
                        row.opt_text(1)?.map(str::to_owned),
                        row.opt_bytes(2)?.map(<[u8]>::to_owned),
                    ))
                })
            })
            .unwrap();
        assert_eq!(
            rows,
            [
                (Some(i64::MAX), Some("帳場 '$1' \\ \u{1F9FE}".to_owned()), Some(all.clone())),
                (Some(i64::MIN), Some(String::new()), Some(Vec::new())),
                (None, None, None),
            ]
        );
    });
}

#[test]
fn parameters_go_by_their_number_out_of_order_and_repeated() {
    both(MIGRATIONS, |t| {
        let row = t
            .read_blocking(|tx| {
                tx.query_one(
                    "SELECT CAST($3 AS TEXT), '$2', CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS TEXT) -- $4",
                    params!["one", 2, "three"],
                    |row| Ok(format!("{} {} {} {} {}", row.text(0)?, row.text(1)?, row.text(2)?, row.i64(3)?, row.text(4)?)),
                )
            })
            .unwrap();
        assert_eq!(row, "three $2 one 2 three");
    });
}

#[test]
fn constraints_are_told_apart_alike() {
    both(MIGRATIONS, |t| {
        let refused = |sql: &'static str| {
            let said = t.write_blocking(T1, move |tx| tx.execute(sql, params![T1]));
            let Err(WriteError::Unit(error)) = said else { panic!("{said:?}") };
            error
        };
        t.write_blocking(T1, |tx| tx.execute(ADD_PURSE, params![T1, "till", 5])).unwrap();
        let duplicate = refused("INSERT INTO purse (tenant, name, yen) VALUES ($1, 'till', 1)");
        assert_eq!(duplicate, DbError::Duplicate);
        assert_eq!(refused("UPDATE purse SET yen = yen - 6 WHERE tenant = $1"), DbError::Check);
        assert_eq!(
            refused("INSERT INTO line (tenant, id, purse) VALUES ($1, 1, 'none')"),
            DbError::Reference
        );
        assert_eq!(refused("UPDATE purse SET yen = NULL WHERE tenant = $1"), DbError::Missing);
        assert!(matches!(refused("UPDATE purse SET nothing = $1"), DbError::Refused(_)));
        assert!(matches!(refused("UPDATE purse SET yen = 1"), DbError::Refused(_)), "one parameter too many");
        assert_eq!(t.read_blocking(|tx| purse(tx, T1, "till")), Ok(5));
    });
}

#[test]
fn a_text_with_a_zero_character_is_refused_on_both() {
    both(MIGRATIONS, |t| {
        let said = t.write_blocking(T1, |tx| tx.execute(ADD_PURSE, params![T1, "a\0b", 1]));
        assert!(matches!(said, Err(WriteError::Unit(DbError::Refused(_)))), "{said:?}");
    });
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_on_both() {
    both(MIGRATIONS, |t| {
        let said = t.write_blocking(T1, |tx| tx.execute(ADD_PURSE, params![T1, "till", "five"]));
        assert!(matches!(said, Err(WriteError::Unit(DbError::Refused(_)))), "{said:?}");
        let said = t.read_blocking(|tx| {
            tx.query_one("SELECT CAST(5 AS BIGINT)", params![], |row| row.text(0).map(drop))
        });
        assert!(matches!(said, Err(ReadError::Unit(DbError::Inconsistent(_)))), "{said:?}");
    });
}

#[test]
fn a_question_for_one_row_says_none_and_several() {
    both(MIGRATIONS, |t| {
        const ALL: &str = "SELECT yen FROM purse ORDER BY yen";
        assert_eq!(
            t.read_blocking(|tx| tx.query_one(ALL, params![], |row| row.i64(0))),
            Err(ReadError::Unit(DbError::NoRow))
        );
        t.write_blocking(T1, |tx| {
            tx.execute(ADD_PURSE, params![T1, "a", 1])?;
            tx.execute(ADD_PURSE, params![T1, "b", 2])
        })
        .unwrap();
        assert_eq!(
            t.read_blocking(|tx| tx.query_opt(ALL, params![], |row| row.i64(0))),
            Err(ReadError::Unit(DbError::ManyRows))
        );
    });
}

#[test]
fn texts_are_ordered_by_their_bytes_and_like_minds_capitals() {
    both(MIGRATIONS, |t| {
        t.write_blocking(T1, |tx| {
            for name in ["b", "B", "a-1", "a1", "あ", "ア", "_"] {
                tx.execute(ADD_PURSE, params![T1, name, 0])?;
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
        let names = |sql: &'static str| {
            t.read_blocking(move |tx| tx.query_all(sql, params![], |row| row.text(0).map(str::to_owned)))
                .unwrap()
                .join(" ")
        };
        assert_eq!(names("SELECT name FROM purse ORDER BY name"), "B _ a-1 a1 b あ ア");
        assert_eq!(names("SELECT name FROM purse WHERE name LIKE 'b%'"), "b");
    });
}

#[test]
fn a_unit_that_says_no_leaves_nothing_and_no_gap() {
    both(MIGRATIONS, |t| {
        assert_eq!(t.write_blocking(T1, |tx| note(tx, "first")), Ok(1));
        let said = t.write_blocking(T1, |tx| {
            tx.set_chain([9; 32]);
            note(tx, "refused").map_err(|e| e.to_string())?;
            Err::<(), _>("no".to_owned())
        });
        assert_eq!(said, Err(WriteError::Unit("no".to_owned())));
        assert_eq!(t.write_blocking(T1, |tx| note(tx, "second")), Ok(2));
        assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 first, 2 second".to_owned()));
        assert_eq!(t.write_blocking(T1, |tx| Ok::<_, DbError>(tx.chain())), Ok([0; 32]));
    });
}

#[test]
fn going_on_after_a_refused_statement_commits_nothing() {
    both(MIGRATIONS, |t| {
        let said = t.write_blocking(T1, |tx| {
            tx.execute(ADD_PURSE, params![T1, "till", 1])?;
            let again = tx.execute(ADD_PURSE, params![T1, "till", 2]);
            assert_eq!(again, Err(DbError::Duplicate));
            assert_eq!(tx.execute(ADD_PURSE, params![T1, "other", 3]), Err(DbError::Duplicate));
            Ok::<_, DbError>("swallowed")
        });
        assert_eq!(said, Err(WriteError::Statement(DbError::Duplicate)));
        let count = "SELECT COUNT(*) FROM purse";
        assert_eq!(t.read_blocking(move |tx| tx.query_one(count, params![], |row| row.i64(0))), Ok(0));
    });
}

#[test]
fn a_unit_that_panics_does_so_where_it_came_from_and_harms_nobody() {
    both(MIGRATIONS, |t| {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            t.write_blocking(T1, |tx| {
                note(tx, "lost")?;
                assert_eq!(tx.seq(), -1, "on purpose");
                Ok::<_, DbError>(())
            })
        }));
        assert!(caught.is_err());
        assert_eq!(t.write_blocking(T1, |tx| note(tx, "after")), Ok(1));
        assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 after".to_owned()));
    });
}

#[test]
fn the_chain_and_the_sequence_belong_to_the_tenant() {
    both(MIGRATIONS, |t| {
        for link in 1..=3 {
            t.write_blocking(T1, move |tx| {
                assert_eq!(tx.chain(), [link - 1; 32]);
                tx.set_chain([link; 32]);
                Ok::<_, DbError>(())
            })
            .unwrap();
        }
        assert_eq!(
            t.write_blocking(T2, |tx| Ok::<_, DbError>((tx.chain(), tx.seq(), tx.seq()))),
            Ok(([0; 32], 1, 1))
        );
        assert_eq!(t.write_blocking(T1, |tx| Ok::<_, DbError>((tx.chain(), tx.seq()))), Ok(([3; 32], 1)));
        assert_eq!(
            t.read_blocking(|tx| Ok::<_, DbError>((tx.head_seq(T1)?, tx.head_seq(crate::TenantId(9))?))),
            Ok((1, 0))
        );
    });
}

#[test]
fn the_instant_is_that_of_the_clock_handed_in() {
    both(MIGRATIONS, |t| {
        assert_eq!(t.write_blocking(T1, |tx| Ok::<_, DbError>(tx.now_us())), Ok(START));
        t.clock.advance(std::time::Duration::from_secs(90));
        assert_eq!(t.read_blocking(|tx| Ok::<_, DbError>(tx.now_us())), Ok(START + 90_000_000));
        assert_eq!(t.health().last_commit_us, Some(START));
    });
}

#[test]
fn rows_that_a_statement_returns_come_through_a_query() {
    both(MIGRATIONS, |t| {
        let yen = t.write_blocking(T1, |tx| {
            tx.execute(ADD_PURSE, params![T1, "till", 5])?;
            tx.query_one("UPDATE purse SET yen = yen + $1 RETURNING yen", params![3], |row| row.i64(0))
        });
        assert_eq!(yen, Ok(8));
        let again = t.write_blocking(T1, |tx| {
            tx.execute(
                "INSERT INTO purse (tenant, name, yen) VALUES ($1, 'till', 1) ON CONFLICT DO NOTHING",
                params![T1],
            )
        });
        assert_eq!(again, Ok(0), "a taken key can be asked for without failing");
    });
}

#[test]
fn a_read_cannot_write() {
    both(MIGRATIONS, |t| {
        let said = t.read_blocking(|tx| {
            tx.query_all(
                "INSERT INTO purse (tenant, name, yen) VALUES (1, 'x', 1) RETURNING yen",
                params![],
                |row| row.i64(0),
            )
        });
        assert!(matches!(said, Err(ReadError::Unit(DbError::Refused(_)))), "{said:?}");
        assert!(t.health().is_ready());
    });
}

#[test]
fn statements_are_prepared_on_both_and_the_wrong_ones_are_named() {
    both(MIGRATIONS, |t| {
        assert_eq!(prepare_all(t, &[crate::ADD_JOURNAL, ADD_PURSE, crate::ADD_YEN, ADD_CELLS]), Ok(()));
        let refused = prepare_all(t, &[ADD_PURSE, "SELECT nothing FROM nowhere", "SELEC 1"]).unwrap_err();
        assert!(
            refused.contains("nowhere") && refused.contains("SELEC 1") && !refused.contains("purse"),
            "{refused}"
        );
    });
    let sum = "SELECT SUM(yen) FROM purse";
    let refused = prepare_all(&store::testing::postgres(MIGRATIONS), &[sum]).unwrap_err();
    assert!(refused.contains("CAST"), "{refused}");
}

#[test]
fn what_a_unit_did_can_be_recorded_and_run_again() {
    both(MIGRATIONS, |t| {
        t.write_blocking(T1, |tx| note(tx, "before")).unwrap();
        t.record();
        t.write_blocking(T1, |tx| tx.execute(ADD_PURSE, params![T1, "till", 5])).unwrap();
        drop(t.write_blocking(T1, |tx| tx.execute(ADD_PURSE, params![T1, "till", 6])));
        t.write_blocking(T2, |tx| tx.execute(ADD_PURSE, params![T2, "till", 7])).unwrap();
        let units = t.recorded();
        assert_eq!(
            units.iter().map(|unit| unit.tenant).collect::<Vec<_>>(),
            [T1, T2],
            "committed units only"
        );
        let statement = units[0].statements[0].clone();
        assert_eq!(statement.params(), [Value::I64(1), Value::Text("till"), Value::I64(5)]);
        let said = t.write_blocking(T1, move |tx| tx.execute(&statement.sql, &statement.params()));
        assert_eq!(said, Err(WriteError::Unit(DbError::Duplicate)));
    });
}
