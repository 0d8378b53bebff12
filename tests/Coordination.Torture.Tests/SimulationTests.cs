using System.Globalization;
using System.Text.Json.Nodes;
using Coordination.Torture.Simulation;

namespace Coordination.Torture.Tests;

/// <summary>
/// Random schedules of the engine on the in-memory backend, on a clock of their own. A failure names its seed;
/// <c>COORDINATION_SCHEDULES</c> says which to run, such as <c>1-10000</c>.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    public static TheoryData<string, string[]> Bugs => new()
    {
        { SeededBug.LateDeadline, ["Exclusion", "OneLeader", "LossBeforeGiveAway", "ReadersAndWriters"] },
        { SeededBug.DeadlineFromArrival, ["Exclusion", "OneLeader", "LossBeforeGiveAway", "ReadersAndWriters", "Capacity"] },
        { SeededBug.DroppedTokenRegister, ["TokenOrder"] },
        { SeededBug.DoubleGrant, ["Exclusion", "OneLeader", "TokenOrder", "LossBeforeGiveAway", "ReadersAndWriters", "Capacity"] },
        { SeededBug.SkippedPurge, ["ClaimLostForEver", "NothingLeftBehind"] },
        { SeededBug.GhostGrant, ["Exclusion", "OneLeader", "TokenOrder", "LossBeforeGiveAway", "ReadersAndWriters", "Capacity"] },
        { SeededBug.ReusedOwner, ["LossBeforeGiveAway", "Exclusion", "OneLeader", "ReadersAndWriters", "Capacity"] },
    };

    [Fact]
    public async Task No_schedule_breaks_a_promise()
    {
        var range = (Environment.GetEnvironmentVariable("COORDINATION_SCHEDULES") ?? "1-10000").Split('-').Select(static text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var (exitCode, said) = await TortureProgram.RunAsync("--backend", "memory", "--seed", $"{range[0]}", "--schedules", $"{range[1] - range[0] + 1}");
        output.WriteLine(said);
        Assert.Equal(0, exitCode);
        Assert.Contains("no violation", said, StringComparison.Ordinal);
    }

    // Each is a bug that the rules of the design forbid; a checker that does not find them proves nothing.
    [Theory]
    [MemberData(nameof(Bugs))]
    public async Task A_seeded_bug_is_caught(string bug, string[] rules)
    {
        var (exitCode, said) = await TortureProgram.RunAsync("--backend", "memory", "--seed", "100", "--schedules", "2000", "--bug", bug);
        output.WriteLine(said);
        Assert.Equal(1, exitCode);
        Assert.Contains(rules, rule => said.Contains($": {rule} at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_seed_gives_the_same_history_again()
    {
        using var directory = new TemporaryDirectory();
        var first = await HistoryAsync(Path.Combine(directory.Path, "first"));
        var second = await HistoryAsync(Path.Combine(directory.Path, "second"));
        Assert.True(first.Length > 100);
        Assert.Equal(first, second);
    }

    // One after another, or in a process for each core: the first violation in the order of the seeds is the one that is shown, and nothing behind it counts.
    [Theory]
    [InlineData(0)]
    [InlineData(1, "--bug", SeededBug.GhostGrant)]
    public async Task A_run_says_the_same_however_many_cores_there_are(int expected, params string[] more)
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal(await ReportAsync(1), await ReportAsync(3));

        async Task<string> ReportAsync(int cores)
        {
            var to = Path.Combine(directory.Path, $"{cores}");
            var (exitCode, said) = await TortureProgram.RunOnCoresAsync(cores, ["--backend", "memory", "--seed", "7", "--schedules", "333", "--out", to, .. more]);
            Assert.True(exitCode == expected, said);
            var report = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(to, "report.json"), TestContext.Current.CancellationToken))!.AsObject();
            Assert.True(report.Remove("took"));
            return ClaimId.Replace(report.ToJsonString(), "id");
        }
    }

    // Claims' ids are drawn from the system's own chance: nothing but their being different matters.
    private static async Task<string[]> HistoryAsync(string directory)
    {
        var (exitCode, said) = await TortureProgram.RunAsync("--backend", "memory", "--seed", "3", "--schedules", "3", "--out", directory);
        Assert.True(exitCode == 0, said);
        return [.. (await File.ReadAllLinesAsync(Path.Combine(directory, "history.jsonl"))).Select(static line => ClaimId.Replace(line, "id"))];
    }

    private static readonly System.Text.RegularExpressions.Regex ClaimId = new("\"[A-Za-z0-9_-]{22}\"");
}
