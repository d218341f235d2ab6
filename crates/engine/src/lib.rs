//! Verdicts and traces by classes, programs and unions
