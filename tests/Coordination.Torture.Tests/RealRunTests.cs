using System.Globalization;

namespace Coordination.Torture.Tests;

/// <summary>
/// Short runs on real servers with a fixed seed: <c>COORDINATION_TORTURE_SECONDS</c> says how long each, 20 by default. Whoever wants to know more runs the program itself.
/// </summary>
public sealed class RealRunTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("redis")]
    [InlineData("redlock")]
    [InlineData("etcd")]
    [InlineData("zookeeper")]
    public async Task No_promise_is_broken_under_faults(string backend)
    {
        var seconds = double.Parse(Environment.GetEnvironmentVariable("COORDINATION_TORTURE_SECONDS") ?? "20", CultureInfo.InvariantCulture);
        using var directory = new TemporaryDirectory();
        var minutes = (seconds / 60).ToString("0.000", CultureInfo.InvariantCulture);
        var (exitCode, said) = await TortureProgram.RunAsync("--backend", backend, "--minutes", minutes, "--seed", "20261127", "--out", directory.Path);
        output.WriteLine(said);
        SkipOrFailWithoutServer(exitCode, said);
        Assert.Equal(0, exitCode);
        Assert.True(File.Exists(Path.Combine(directory.Path, "report.json")));
        Assert.StartsWith("<svg", await File.ReadAllTextAsync(Path.Combine(directory.Path, "holders.svg")), StringComparison.Ordinal);
        var leases = (await File.ReadAllLinesAsync(Path.Combine(directory.Path, "history.jsonl"))).Count(static line => line.Contains("\"event\":\"held\"", StringComparison.Ordinal));
        Assert.True(leases >= 10, $"Only {leases} leases: nothing was tried.");
    }

    private static void SkipOrFailWithoutServer(int exitCode, string said)
    {
        if (exitCode == 2 && said.Contains("is not installed", StringComparison.Ordinal))
        {
            Assert.SkipUnless(string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase), said);
        }
    }
}
