//! Places on the ground as texts: rings and circles.

/// Digits after the point of a degree that are told apart; a billionth is a tenth of a millimetre.
const DEGREE: f64 = 1e9;

/// A place, in billionths of a degree, as it was written.
#[derive(Debug, Clone, Copy)]
struct Spot<'t> {
    latitude: i64,
    longitude: i64,
    text: &'t str,
}

impl Spot<'_> {
    fn is(&self, other: &Spot<'_>) -> bool {
        (self.latitude, self.longitude) == (other.latitude, other.longitude)
    }
}

fn degrees(text: &str) -> Option<f64> {
    let plain = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let fits = digits > 0 && plain.len() <= 40 && plain.bytes().all(|b| b.is_ascii_digit() || b == b'.') && plain.matches('.').count() < 2;
    fits.then(|| text.parse().ok()).flatten()
}

/// A place as `latitude,longitude`, or what is wrong with it.
fn spot(text: &str) -> Result<Spot<'_>, String> {
    let read = text.split_once(',').and_then(|(a, b)| Some((degrees(a)?, degrees(b)?)));
    let Some((latitude, longitude)) = read else {
        return Err(format!("\"{}\" is not latitude,longitude", short(text)));
    };
    if latitude.abs() > 90.0 {
        let swapped = if longitude.abs() <= 90.0 && latitude.abs() <= 180.0 { "; the latitude comes first" } else { "" };
        return Err(format!("in \"{}\" the latitude is beyond 90{swapped}", short(text)));
    }
    if longitude.abs() > 180.0 {
        return Err(format!("in \"{}\" the longitude is beyond 180", short(text)));
    }
    let whole = |degrees: f64| (degrees * DEGREE).round() as i64;
    Ok(Spot { latitude: whole(latitude), longitude: whole(longitude), text })
}

/// So much of a text as a sentence can hold.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= 80 { text.to_owned() } else { text.chars().take(79).chain(['…']).collect() }
}

/// What is wrong with a ring. `budget` is how many pairs of edges may be compared; `Err` when that is too few.
pub(super) fn ring(text: &str, budget: &mut u64) -> Result<Option<String>, ()> {
    let spots: Result<Vec<Spot<'_>>, String> = text.split_ascii_whitespace().map(spot).collect();
    let spots = match spots {
        Ok(spots) => spots,
        Err(wrong) => return Ok(Some(wrong)),
    };
    let (Some(first), Some(last)) = (spots.first(), spots.last()) else { return Ok(Some("there is no place in it".to_owned())) };
    if spots.len() < 4 {
        let places = if spots.len() == 1 { "place" } else { "places" };
        return Ok(Some(format!("it has {} {places}, and a ring has at least 4", spots.len())));
    }
    if !first.is(last) {
        return Ok(Some(format!("the last place, {}, is not the first, {}", short(last.text), short(first.text))));
    }
    Ok(crossing(&spots, budget)?
        .map(|[a, b, c, d]| format!("the edge from {} to {} crosses that from {} to {}", short(a), short(b), short(c), short(d))))
}

/// Two edges of a closed ring, not neighbours, that have a point in common. Edges that have no length are passed over.
fn crossing<'t>(spots: &[Spot<'t>], budget: &mut u64) -> Result<Option<[&'t str; 4]>, ()> {
    let mut places: Vec<Spot<'t>> = Vec::with_capacity(spots.len());
    for spot in spots {
        if !places.last().is_some_and(|last| last.is(spot)) {
            places.push(*spot);
        }
    }
    // Over the line where days begin, longitudes go on instead of starting again.
    let (east, west) = places.iter().fold((i64::MIN, i64::MAX), |(e, w), p| (e.max(p.longitude), w.min(p.longitude)));
    if east.saturating_sub(west) > (180.0 * DEGREE) as i64 {
        places.iter_mut().filter(|p| p.longitude < 0).for_each(|p| p.longitude += (360.0 * DEGREE) as i64);
    }
    let edges = places.len().saturating_sub(1);
    let south = |e: usize| places[e].latitude.min(places[e + 1].latitude);
    let north = |e: usize| places[e].latitude.max(places[e + 1].latitude);
    let mut order: Vec<usize> = (0..edges).collect();
    order.sort_by_key(|&e| (south(e), e));
    // From south to north: only edges that reach as far as the next one begins can meet it.
    let mut open: Vec<usize> = Vec::new();
    let mut found: Option<(usize, usize)> = None;
    for &edge in &order {
        open.retain(|&other| north(other) >= south(edge));
        *budget = budget.checked_sub(open.len() as u64).ok_or(())?;
        for &other in &open {
            let (a, b) = (edge.min(other), edge.max(other));
            let neighbours = b - a < 2 || (a == 0 && b == edges - 1);
            if !neighbours && meet(&places[a], &places[a + 1], &places[b], &places[b + 1]) && found.is_none_or(|f| (a, b) < f) {
                found = Some((a, b));
            }
        }
        open.push(edge);
    }
    Ok(found.map(|(a, b)| [places[a].text, places[a + 1].text, places[b].text, places[b + 1].text]))
}

/// Whether two lines have a point in common, exactly.
fn meet(a: &Spot<'_>, b: &Spot<'_>, c: &Spot<'_>, d: &Spot<'_>) -> bool {
    let side = |p: &Spot<'_>, q: &Spot<'_>, r: &Spot<'_>| {
        let x = |s: &Spot<'_>| i128::from(s.longitude);
        let y = |s: &Spot<'_>| i128::from(s.latitude);
        ((x(q) - x(p)) * (y(r) - y(p)) - (y(q) - y(p)) * (x(r) - x(p))).signum()
    };
    let within = |p: &Spot<'_>, q: &Spot<'_>, r: &Spot<'_>| {
        (p.longitude.min(q.longitude)..=p.longitude.max(q.longitude)).contains(&r.longitude)
            && (p.latitude.min(q.latitude)..=p.latitude.max(q.latitude)).contains(&r.latitude)
    };
    let (abc, abd, cda, cdb) = (side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b));
    abc * abd < 0 && cda * cdb < 0
        || abc == 0 && within(a, b, c)
        || abd == 0 && within(a, b, d)
        || cda == 0 && within(c, d, a)
        || cdb == 0 && within(c, d, b)
}

/// What is wrong with a circle.
pub(super) fn circle(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    let [centre, radius] = parts.as_slice() else { return Some("it is not latitude,longitude, a blank and the radius".to_owned()) };
    if let Err(wrong) = spot(centre) {
        return Some(wrong);
    }
    match degrees(radius) {
        Some(radius) if radius >= 0.0 => None,
        _ => Some(format!("the radius \"{}\" is not a number of zero or more", short(radius))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Option<String> {
        ring(text, &mut 1_000_000).unwrap()
    }

    #[test]
    fn rings() {
        for good in [
            "0,0 0,1 1,1 0,0",
            "0,0 0,1 1,1 1,0 0,0",
            " 38.47,-120.14\n38.34,-119.95 38.52,-119.74 38.62,-119.89 38.47,-120.14 ",
            "0,0 0,0 0,1 1,1 1,1 0,0 0,0",
            // Over the line where days begin.
            "10,179 10,-179 12,-179 12,179 10,179",
            "+1.0,2. 1.5,2.5 .5,3 1,2",
        ] {
            assert_eq!(of(good), None, "{good}");
        }
        for (bad, says) in [
            ("", "there is no place in it"),
            ("1,1", "it has 1 place, and a ring has at least 4"),
            ("0,0 0,1 0,0", "it has 3 places, and a ring has at least 4"),
            ("0,0 0,1 1,1 1,0", "the last place, 1,0, is not the first, 0,0"),
            ("0,0 0,1 1,1 x", "\"x\" is not latitude,longitude"),
            ("0 0 0,1 1,1", "\"0\" is not latitude,longitude"),
            ("1e3,0 0,1 1,1 1e3,0", "\"1e3,0\" is not latitude,longitude"),
            ("NaN,0 0,1 1,1 NaN,0", "\"NaN,0\" is not latitude,longitude"),
            ("-120.14,38.47 0,1 1,1 0,0", "in \"-120.14,38.47\" the latitude is beyond 90; the latitude comes first"),
            ("0,181 0,1 1,1 0,181", "in \"0,181\" the longitude is beyond 180"),
            ("0,0 1,1 0,1 1,0 0,0", "the edge from 0,0 to 1,1 crosses that from 0,1 to 1,0"),
            ("0,0 0,2 2,2 0,1 2,0 0,0", "the edge from 0,0 to 0,2 crosses that from 2,2 to 0,1"),
        ] {
            assert_eq!(of(bad).as_deref(), Some(says), "{bad}");
        }
    }

    #[test]
    fn circles() {
        assert_eq!(circle("32.9525,-115.5527 0"), None);
        assert_eq!(circle(" 32.9525,-115.5527   12.5 "), None);
        for (bad, says) in [
            ("32.9525 -115.5527 1", "it is not latitude,longitude, a blank and the radius"),
            ("32.9525,-115.5527", "it is not latitude,longitude, a blank and the radius"),
            ("32.9525,-115.5527 -1", "the radius \"-1\" is not a number of zero or more"),
            ("32.9525,-115.5527 1km", "the radius \"1km\" is not a number of zero or more"),
            ("132.9525,15.5527 1", "in \"132.9525,15.5527\" the latitude is beyond 90; the latitude comes first"),
        ] {
            assert_eq!(circle(bad).as_deref(), Some(says), "{bad}");
        }
    }

    #[test]
    fn a_ring_that_would_take_too_long_is_not_judged() {
        // Every edge reaches from south to north, so that each is compared with each.
        let many: String = (0..4000).map(|i| format!("{},{} ", if i % 2 == 0 { "0" } else { "80" }, i as f64 / 100.0)).collect();
        assert_eq!(ring(&(many + "0,0"), &mut 100_000), Err(()));
    }

    proptest! {
        /// The sweep finds what comparing each edge with each finds.
        #[test]
        fn crossings_are_those_of_all_pairs(points in prop::collection::vec((0i64..6, 0i64..6), 3..9)) {
            let text: String = points.iter().chain(points.first()).map(|(a, b)| format!("{a},{b} ")).collect();
            let spots: Vec<Spot<'_>> = text.split_ascii_whitespace().map(|t| spot(t).unwrap()).collect();
            let mut places: Vec<Spot<'_>> = spots.clone();
            places.dedup_by(|a, b| a.is(b));
            let edges = places.len() - 1;
            let mut expected = None;
            for a in 0..edges {
                for b in a + 2..edges {
                    if !(a == 0 && b == edges - 1) && expected.is_none() && meet(&places[a], &places[a + 1], &places[b], &places[b + 1]) {
                        expected = Some([places[a].text, places[a + 1].text, places[b].text, places[b + 1].text]);
                    }
                }
            }
            prop_assert_eq!(crossing(&spots, &mut 1_000_000), Ok(expected));
        }

        #[test]
        fn anything_may_stand_there(text in "[-0-9., a\n]{0,60}") {
            let _ = (ring(&text, &mut 1000), circle(&text));
        }
    }
}
