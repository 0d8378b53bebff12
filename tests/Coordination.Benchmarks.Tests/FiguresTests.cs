using System.Globalization;
using System.Text.Json;

namespace Coordination.Benchmarks.Tests;

/// <summary>What the project promises is measured and set against its aim.</summary>
public sealed class FiguresTests
{
    [Fact]
    public async Task The_figures_of_the_engine_have_an_aim_each_and_its_bytes_meet_it()
    {
        var file = Path.GetTempFileName();
        try
        {
            var run = await BenchmarksRun.StartAsync("figures", "--backend", "memory", "--json", file);

            Assert.True(run.ExitCode == 0, run.Output + run.Errors);
            Assert.Contains("Figures, in-memory", run.Output, StringComparison.Ordinal);
            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            List<JsonElement> figures = [.. json.RootElement.GetProperty("results").GetProperty("memory").GetProperty("figures").EnumerateArray()];
            Assert.Equal(["", "", "≤ 1.00 µs", "≤ 400 B"], figures.Select(static figure => figure.GetProperty("aim").GetString()));
            Assert.All(figures, static figure =>
                Assert.True(double.Parse(figure.GetProperty("measured").GetString()!.Split(' ')[0], CultureInfo.InvariantCulture) > 0, figure.ToString()));

            // Bytes are the same on any machine; how long it takes says something of this one's load.
            Assert.True(figures[3].GetProperty("isMet").GetBoolean(), figures[3].ToString());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Servers_at_a_distance_cannot_answer_before_a_message_has_gone_there_and_back()
    {
        BenchmarksRun.SkipWithoutRedis();
        var file = Path.GetTempFileName();
        try
        {
            var run = await BenchmarksRun.StartAsync("uncontended", "--backend", "redis", "--distance", "500", "--seconds", "0.5", "--json", file);

            Assert.True(run.ExitCode == 0, run.Output + run.Errors);
            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            Assert.Contains("500 µs", json.RootElement.GetProperty("servers").GetProperty("redis").GetString(), StringComparison.Ordinal);
            List<JsonElement> pairs = [.. json.RootElement.GetProperty("results").GetProperty("uncontended").GetProperty("redis").EnumerateArray()];
            var ping = Assert.Single(pairs, static pair => pair.GetProperty("name").GetString() == "PING (one round trip)");
            Assert.InRange(ping.GetProperty("p50Microseconds").GetDouble(), 1000, double.MaxValue);
            Assert.All(pairs.Where(pair => !pair.Equals(ping)), static pair => Assert.InRange(pair.GetProperty("p50Microseconds").GetDouble(), 2000, double.MaxValue));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
