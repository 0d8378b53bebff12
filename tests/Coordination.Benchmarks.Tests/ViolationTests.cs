using System.Text.Json;

namespace Coordination.Benchmarks.Tests;

/// <summary>A run in which two held at once is a failure.</summary>
public sealed class ViolationTests
{
    [Fact]
    public async Task Workers_without_a_lock_overlap_and_end_with_1()
    {
        var file = Path.GetTempFileName();
        try
        {
            var run = await BenchmarksRun.StartAsync(
                "contention", "--backend", "memory", "--implementation", "nothing", "--workers", "4", "--seconds", "0.4", "--rounds", "1", "--json", file);

            Assert.Equal(1, run.ExitCode);
            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            var result = json.RootElement.GetProperty("results").GetProperty("contention")[0].GetProperty("results")[0];
            Assert.True(result.GetProperty("overlaps").GetInt32() > 0);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
