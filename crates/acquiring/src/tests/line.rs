//! The line by itself: sign-on, echo, a line that died without saying so.

use crate::networks::line::{Line, NoAnswer};
use bytes::BytesMut;
use clock::Clock;
use iso8583::frame::{deframe, frame};
use iso8583::{ECHOED, Message, Mti, Spec};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The network's end of one connection.
struct End {
    stream: TcpStream,
    buffer: BytesMut,
}

impl End {
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        Self { stream, buffer: BytesMut::new() }
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(bytes) = deframe(&mut self.buffer, 4096).unwrap() {
                return Some(Message::decode(&Spec::BINARY, &bytes).unwrap());
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    async fn answer(&mut self, message: &Message, code: &str) {
        let mut answer = message.answer(ECHOED).unwrap();
        answer.set(39, code).unwrap();
        let bytes = frame(&answer.encode(&Spec::BINARY).unwrap()).unwrap();
        self.stream.write_all(&bytes).await.unwrap();
    }

    async fn signed_on(listener: &TcpListener) -> Self {
        let mut end = Self::accept(listener).await;
        let sign_on = end.next().await.unwrap();
        assert_eq!((sign_on.mti().to_string().as_str(), sign_on.text(70)), ("0800", Some("001")));
        end.answer(&sign_on, "00").await;
        end
    }
}

async fn line() -> (TcpListener, Line, Clock, tokio::task::JoinHandle<()>) {
    line_of(1).await
}

async fn line_of(connections: usize) -> (TcpListener, Line, Clock, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Clock::by_hand("2026-11-21T00:00:00Z".parse().unwrap());
    let line = Line::new(&listener.local_addr().unwrap().to_string(), connections, clock.clone());
    let running = line.clone();
    let task = tokio::spawn(async move { running.run().await });
    (listener, line, clock, task)
}

fn request(stan: &str) -> Message {
    let mut message = Message::new(Mti::FINANCIAL_REQUEST);
    message.set(11, stan).unwrap().set(37, "49414G2G4G92").unwrap();
    message
}

#[tokio::test]
async fn a_quiet_line_is_asked_for_an_echo_and_a_silent_one_is_given_up() {
    let (listener, line, clock, task) = line().await;
    let mut end = End::signed_on(&listener).await;
    let asked = tokio::spawn({
        let line = line.clone();
        async move { line.ask(&request("000001"), Duration::from_secs(500)).await }
    });
    assert!(end.next().await.is_some());
    clock.advance(Duration::from_mins(1));
    let echo = end.next().await.unwrap();
    assert_eq!(echo.text(70), Some("301"));
    end.answer(&echo, "00").await;
    // An answered request behind it shows that the echo's answer was read.
    let second = tokio::spawn({
        let line = line.clone();
        async move { line.ask(&request("000002"), Duration::from_secs(500)).await }
    });
    let asked_second = end.next().await.unwrap();
    end.answer(&asked_second, "00").await;
    second.await.unwrap().unwrap();
    clock.advance(Duration::from_mins(1));
    let next = end.next().await.unwrap();
    assert_eq!(next.text(70), Some("301"));
    clock.advance(Duration::from_secs(10));
    assert!(end.next().await.is_none(), "the center closes");
    assert!(matches!(asked.await.unwrap(), Err(NoAnswer::Lost(_))), "what was open is in doubt");
    End::signed_on(&listener).await;
    task.abort();
}

#[tokio::test]
async fn a_network_that_answers_again_is_noticed_by_echo_answer_or_sign_on() {
    // R4
    let (listener, line, clock, task) = line().await;
    let mut revivals = line.revivals();
    let mut end = End::signed_on(&listener).await;
    revivals.changed().await.unwrap();
    let ask = |stan: &'static str| {
        let line = line.clone();
        tokio::spawn(async move { line.ask(&request(stan), Duration::from_secs(25)).await })
    };
    let unanswered = ask("000001");
    assert!(end.next().await.is_some());
    clock.advance(Duration::from_secs(25));
    assert_eq!(unanswered.await.unwrap(), Err(NoAnswer::TimedOut));
    assert!(!revivals.has_changed().unwrap());
    // Five seconds after somebody was asked an echo leaves, and its answer is a reason to try.
    let echo = end.next().await.unwrap();
    assert_eq!(echo.text(70), Some("301"));
    end.answer(&echo, "00").await;
    revivals.changed().await.unwrap();
    let answered = ask("000002");
    let asked = end.next().await.unwrap();
    end.answer(&asked, "00").await;
    answered.await.unwrap().unwrap();
    revivals.changed().await.unwrap();
    drop(end);
    End::signed_on(&listener).await;
    revivals.changed().await.unwrap();
    task.abort();
}

#[tokio::test]
async fn an_advice_that_was_swallowed_is_given_up_when_the_network_is_there_again() {
    // R4
    let (listener, line, clock, task) = line().await;
    let mut end = End::signed_on(&listener).await;
    let advice = {
        let mut advice = Message::new(Mti::REVERSAL_ADVICE);
        advice.set(11, "000001").unwrap().set(37, "49414G2G4G92").unwrap();
        advice
    };
    let tell = || {
        let (line, advice) = (line.clone(), advice.clone());
        tokio::spawn(async move { line.tell(&advice).await })
    };
    let told = tell();
    assert!(end.next().await.is_some());
    let payment = tokio::spawn({
        let line = line.clone();
        async move { line.ask(&request("000002"), Duration::from_secs(25)).await }
    });
    let asked = end.next().await.unwrap();
    clock.advance(Duration::from_secs(5));
    let echo = end.next().await.unwrap();
    assert_eq!(echo.text(70), Some("301"), "somebody has no answer on a quiet line");
    assert!(!told.is_finished(), "nothing was heard yet");
    end.answer(&echo, "00").await;
    assert_eq!(told.await.unwrap(), Err(NoAnswer::TimedOut));
    // The same message may be sent again, and its late answer is as good as its own.
    let again = tell();
    let second = end.next().await.unwrap();
    assert_eq!(second.bytes(11), advice.bytes(11));
    end.answer(&second, "00").await;
    assert!(again.await.unwrap().is_ok());
    assert!(!payment.is_finished(), "a request that is asked once keeps waiting");
    end.answer(&asked, "00").await;
    assert!(payment.await.unwrap().is_ok());
    task.abort();
}

#[tokio::test]
async fn answers_come_in_any_order_and_each_finds_its_own_request() {
    let (listener, line, _, task) = line().await;
    let mut end = End::signed_on(&listener).await;
    let ask = |stan: &'static str| {
        let line = line.clone();
        tokio::spawn(async move { line.ask(&request(stan), Duration::from_secs(25)).await })
    };
    let (first, second) = (ask("000001"), ask("000002"));
    let requests = [end.next().await.unwrap(), end.next().await.unwrap()];
    for request in requests.iter().rev() {
        let code = if request.text(11) == Some("000001") { "51" } else { "00" };
        end.answer(request, code).await;
    }
    assert_eq!(first.await.unwrap().unwrap().text(39), Some("51"));
    assert_eq!(second.await.unwrap().unwrap().text(39), Some("00"));
    task.abort();
}

#[tokio::test]
async fn a_refused_sign_on_sends_nothing() {
    let (listener, line, clock, task) = line().await;
    let mut end = End::accept(&listener).await;
    let sign_on = end.next().await.unwrap();
    end.answer(&sign_on, "58").await;
    let asking = tokio::spawn({
        let line = line.clone();
        async move { line.ask(&request("000001"), Duration::from_secs(25)).await }
    });
    assert!(end.next().await.is_none(), "the center closes");
    while !asking.is_finished() {
        clock.advance(Duration::from_millis(10));
        tokio::task::yield_now().await;
    }
    assert!(matches!(asking.await.unwrap(), Err(NoAnswer::NotSent(_))));
    assert!(!line.is_up());
    task.abort();
}

/// A line of two connections that are both signed on.
async fn two_connections() -> (TcpListener, Line, Clock, tokio::task::JoinHandle<()>, [End; 2]) {
    let (listener, line, clock, task) = line_of(2).await;
    let mut revivals = line.revivals();
    let ends = [End::signed_on(&listener).await, End::signed_on(&listener).await];
    revivals.wait_for(|signed_on| *signed_on == 2).await.unwrap();
    (listener, line, clock, task, ends)
}

type Asking = tokio::task::JoinHandle<Result<Message, NoAnswer>>;

/// Asks under these trace numbers, one after the other, so that the connections take turns.
async fn ask_in_turn(
    line: &Line,
    ends: &mut [End; 2],
    stans: [&'static str; 4],
) -> [Vec<(Message, Asking)>; 2] {
    let mut asked = [Vec::new(), Vec::new()];
    for stan in stans {
        let running = line.clone();
        let asking = tokio::spawn(async move { running.ask(&request(stan), Duration::from_secs(500)).await });
        let [a, b] = &mut *ends;
        let (at, message) = tokio::select! {
            message = a.next() => (0, message),
            message = b.next() => (1, message),
        };
        let message = message.unwrap();
        assert_eq!(message.text(11), Some(stan));
        asked[at].push((message, asking));
    }
    asked
}

#[tokio::test]
async fn a_connection_that_ends_takes_its_own_requests_with_it_and_no_others() {
    let (listener, line, _, task, mut ends) = two_connections().await;
    let asked = ask_in_turn(&line, &mut ends, ["000001", "000002", "000003", "000004"]).await;
    assert_eq!([asked[0].len(), asked[1].len()], [2, 2], "they take turns");
    let [first, mut second] = ends;
    drop(first);
    let [lost, kept] = asked;
    for (_, asking) in lost {
        assert!(matches!(asking.await.unwrap(), Err(NoAnswer::Lost(_))), "it left, and nobody knows");
    }
    assert!(line.is_up(), "the other one works on");
    for (message, asking) in kept {
        assert!(!asking.is_finished());
        second.answer(&message, "00").await;
        assert!(asking.await.unwrap().is_ok());
    }
    // The one that ended is made again, and takes its turn.
    let mut revivals = line.revivals();
    let first = End::signed_on(&listener).await;
    revivals.changed().await.unwrap();
    let mut ends = [first, second];
    let asked = ask_in_turn(&line, &mut ends, ["000005", "000006", "000007", "000008"]).await;
    assert_eq!([asked[0].len(), asked[1].len()], [2, 2]);
    task.abort();
}

#[tokio::test]
async fn an_answer_on_another_connection_than_its_request_is_nobodys() {
    // A request belongs to the connection that it left on: what ends with that one is in doubt at once, so nothing
    // that comes elsewhere may end it twice.
    let (_listener, line, _, task, mut ends) = two_connections().await;
    let asked = ask_in_turn(&line, &mut ends, ["000001", "000002", "000003", "000004"]).await;
    let [ours, theirs] = asked;
    let [(strayed, asking), _] = <[_; 2]>::try_from(ours).unwrap();
    let [(other, other_asking), _] = <[_; 2]>::try_from(theirs).unwrap();
    ends[1].answer(&strayed, "00").await;
    ends[1].answer(&other, "00").await;
    assert!(other_asking.await.unwrap().is_ok(), "what came behind it was read");
    assert!(!asking.is_finished());
    ends[0].answer(&strayed, "51").await;
    assert_eq!(asking.await.unwrap().unwrap().text(39), Some("51"));
    task.abort();
}

#[tokio::test]
async fn a_connection_that_went_deaf_is_given_up_while_the_other_one_works() {
    // R4
    let (_listener, line, clock, task, mut ends) = two_connections().await;
    let asked = ask_in_turn(&line, &mut ends, ["000001", "000002", "000003", "000004"]).await;
    clock.advance(Duration::from_secs(5));
    let [mut deaf, mut well] = ends;
    assert_eq!(deaf.next().await.unwrap().text(70), Some("301"), "both are asked for an echo");
    let echo = well.next().await.unwrap();
    assert_eq!(echo.text(70), Some("301"));
    well.answer(&echo, "00").await;
    let [in_doubt, open] = asked;
    let (message, asking) = open.into_iter().next().unwrap();
    well.answer(&message, "00").await;
    assert!(asking.await.unwrap().is_ok(), "an answer behind the echo's was read");
    clock.advance(Duration::from_secs(5));
    assert!(deaf.next().await.is_none(), "the center closes the one that does not echo");
    for (_, asking) in in_doubt {
        assert!(matches!(asking.await.unwrap(), Err(NoAnswer::Lost(_))));
    }
    assert!(line.is_up());
    task.abort();
}
