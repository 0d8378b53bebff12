using System.Text.Json.Nodes;

namespace Coordination.Torture.Tests;

/// <summary>Redlock's quorum over a simulated network, with the scripts that ship, under the checker of all the others.</summary>
public sealed class RedlockSimulationTests(ITestOutputHelper output)
{
    [Fact]
    public async Task No_schedule_breaks_a_promise()
    {
        using var directory = new TemporaryDirectory();
        var (exitCode, said) = await TortureProgram.RunAsync("--backend", "redlock", "--seed", "1", "--schedules", "10000", "--out", directory.Path);
        output.WriteLine(said);
        Assert.Equal(0, exitCode);
        var report = await ReportAsync(directory.Path);
        Assert.True((int)report["acquisitions"]! > 30_000, "Too few leases: nothing was tried.");
        Assert.True((int)report["operations"]!["Attach: Granted"]! > 2_000, "Too few leases were taken over: nothing was tried.");
    }

    [Theory]
    [InlineData("a master re-admitted too early", "a master that lost its data is admitted at once")]
    [InlineData("a dropped token register", "the token register is dropped")]
    [InlineData("an owner id reused", "an attempt's owner is used again")]
    [InlineData("half a majority", "a majority is added up over two renewals")]
    [InlineData("a master that was never admitted", "scripts run on a master that is not admitted")]
    [InlineData("a reader beside a writer", "readers do not look at writers")]
    [InlineData("a slot given twice", "two may have one slot")]
    public async Task A_seeded_bug_is_caught(string name, string bug)
    {
        var (exitCode, said) = await TortureProgram.RunAsync("--backend", "redlock", "--seed", "1", "--schedules", "3000", "--bug", bug);
        output.WriteLine($"{name}: {said}");
        Assert.Equal(1, exitCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1, "--bug", "two may have one slot")]
    public async Task A_run_says_the_same_however_many_cores_there_are(int expected, params string[] more)
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal(await RunAsync(1), await RunAsync(3));

        async Task<string> RunAsync(int cores)
        {
            var to = Path.Combine(directory.Path, $"{cores}");
            var (exitCode, said) = await TortureProgram.RunOnCoresAsync(cores, ["--backend", "redlock", "--seed", "7", "--schedules", "333", "--out", to, .. more]);
            Assert.True(exitCode == expected, said);
            var report = await ReportAsync(to);
            Assert.True(report.Remove("took"));
            return report.ToJsonString();
        }
    }

    private static async Task<JsonObject> ReportAsync(string directory) =>
        JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(directory, "report.json"), TestContext.Current.CancellationToken))!.AsObject();
}
