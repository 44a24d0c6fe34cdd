/// A moment in civil time: seconds and nanoseconds since 1970 in UTC.
public struct WallTime: Hashable, Sendable {
    public var seconds: Int64
    public var nanoseconds: Int32

    public init(seconds: Int64, nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The date in the proleptic Gregorian calendar (Howard Hinnant's `civil_from_days`).
    struct Civil {
        var year: Int
        var month: Int
        var day: Int
        var hour: Int
        var minute: Int
        var second: Int
        /// 0 is Sunday.
        var weekday: Int
        /// 1 is the first of January.
        var dayOfYear: Int
    }

    var civil: Civil {
        let days = Int((seconds >= 0 ? seconds : seconds - 86_399) / 86_400)
        let rest = Int(seconds) - days * 86_400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayFromMarch = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayFromMarch + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let dayOfYear = month > 2 ? dayFromMarch + 60 + (isLeap ? 1 : 0) : dayFromMarch - 305
        return Civil(
            year: year, month: month, day: dayFromMarch - (153 * monthFromMarch + 2) / 5 + 1, hour: rest / 3600,
            minute: rest / 60 % 60, second: rest % 60, weekday: ((days + 4) % 7 + 7) % 7, dayOfYear: dayOfYear)
    }
}
