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
}
