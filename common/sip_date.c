/* sip_date.c: rfc1123-date of RFC 3261 section 25.1: fixed widths, GMT only; words in any case (section 7.3.1). */
#include "sip_date.h"

#define DAY_SEC INT64_C(86400)
#define YEAR_MIN 1970

/* Which of the words of three letters stands there; -1 = none. */
static int word(const char *p, const char *words) {
        for (int i = 0; words[3 * i]; i++)
                if (strncasecmp(p, words + 3 * i, 3) == 0)
                        return i;
        return -1;
}

/* Digits alone; -1 = not. */
static int digits(const char *p, size_t n) {
        int number = 0;
        for (size_t i = 0; i < n; i++) {
                if (p[i] < '0' || p[i] > '9')
                        return -1;
                number = number * 10 + (p[i] - '0');
        }
        return number;
}

static bool is_leap(int year) {
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01, a Thursday. month from 0. */
static int64_t day_number(int year, int month, int day) {
        static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
        int past = year - 1; /* whole years since 1 BC */
        int64_t leap_days = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
        return INT64_C(365) * (year - 1970) + leap_days + before[month] + (month > 1 && is_leap(year)) + day - 1;
}

bool sip_date_parse(struct span value, int64_t *ret_sec) {
        static const char form[] = "www, dd mmm yyyy hh:mm:ss GMT";
        static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        const char *p = value.p;
        if (value.n != sizeof form - 1 || p[3] != ',' || p[4] != ' ' || p[7] != ' ' || p[11] != ' ' || p[16] != ' ' || p[19] != ':' ||
            p[22] != ':' || p[25] != ' ' || strncasecmp(p + 26, "GMT", 3) != 0)
                return false;
        int weekday = word(p, "ThuFriSatSunMonTueWed"), month = word(p + 8, "JanFebMarAprMayJunJulAugSepOctNovDec");
        int day = digits(p + 5, 2), year = digits(p + 12, 4), hour = digits(p + 17, 2), minute = digits(p + 20, 2),
            second = digits(p + 23, 2);
        if (month < 0 || year < YEAR_MIN || day < 1 || day > lengths[month] + (month == 1 && is_leap(year)) || hour < 0 || hour > 23 ||
            minute < 0 || minute > 59 || second < 0 || second > 60)
                return false;
        int64_t number = day_number(year, month, day);
        if (number % 7 != weekday)
                return false;
        *ret_sec = number * DAY_SEC + hour * 3600 + minute * 60 + second;
        return true;
}
