// Prints every national holiday of the years given on the command line, by @holiday-jp, one date a line.
// Arguments: the folder of the installed packages, first year, last year.
const [modules, first, last] = process.argv.slice(2);
const { isHoliday } = require(require.resolve("@holiday-jp/holiday_jp", { paths: [modules] }));
for (let day = new Date(Number(first), 0, 1); day.getFullYear() <= Number(last); day.setDate(day.getDate() + 1)) {
    if (isHoliday(day)) {
        const two = (number) => String(number).padStart(2, "0");
        console.log(`${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`);
    }
}
