using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Coordination.Conformance;
using Coordination.Ecosystem.Tests.Samples;
using Coordination.Redis.Tests.Servers;

namespace Coordination.Ecosystem.Tests.Diagnostics;

/// <summary>The Web sample, scraped by a real Prometheus with the sample's configuration, and asked every question of the sample's dashboard.</summary>
public sealed partial class PrometheusTests
{
    private static readonly string Sample = Path.Combine(SampleProgram.Root, "samples", "Web");

    [Fact(Timeout = 120_000)]
    public async Task Every_query_of_the_dashboard_has_an_answer_from_the_samples_metrics()
    {
        var ct = TestContext.Current.CancellationToken;
        var prometheus = Find("prometheus");
        var (web, server) = (FreePort.Next(), FreePort.Next());
        var directory = Directory.CreateTempSubdirectory("coordination-prometheus");
        try
        {
            var configuration = (await File.ReadAllTextAsync(Path.Combine(Sample, "monitoring", "prometheus.yml"), ct))
                .Replace("localhost:5001", $"localhost:{web}", StringComparison.Ordinal)
                .Replace("scrape_interval: 5s", "scrape_interval: 1s", StringComparison.Ordinal);
            var file = Path.Combine(directory.FullName, "prometheus.yml");
            await File.WriteAllTextAsync(file, configuration, ct);

            await using var sample = SampleProcess.StartWeb(web, "Coordination:LeaseDuration=00:00:01");
            await using var scraper = SampleProcess.Start(
                prometheus,
                directory.FullName,
                [$"--config.file={file}", $"--storage.tsdb.path={directory.FullName}/data", $"--web.listen-address=127.0.0.1:{server}"]);
            using var client = new HttpClient();
            await sample.UntilAsync(async () => (await client.GetStringAsync(new Uri($"http://localhost:{web}/health"), ct)) == "Healthy", ct);

            // Two that want the same: one waits, and is handed the lock.
            await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => client.PostAsync(new Uri($"http://localhost:{web}/locks/1?milliseconds=200"), null, ct)));
            foreach (var query in Queries())
            {
                var address = new Uri($"http://localhost:{server}/api/v1/query?query={Uri.EscapeDataString(query.Replace("$__rate_interval", "15s", StringComparison.Ordinal))}");
                await scraper.UntilAsync(
                    async () =>
                    {
                        using var response = await client.GetAsync(address, ct);
                        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(ct);
                        Assert.True(response.StatusCode != HttpStatusCode.BadRequest, $"{query}: {answer}");
                        return response.IsSuccessStatusCode && answer.GetProperty("data").GetProperty("result").GetArrayLength() > 0;
                    },
                    ct);
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("monitoring")]
    [InlineData("deploy")]
    public async Task Prometheus_accepts_the_samples_configurations(string folder)
    {
        var promtool = Find("promtool");
        using var check = Process.Start(new ProcessStartInfo(promtool, ["check", "config", Path.Combine(Sample, folder, "prometheus.yml")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var said = check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(check.ExitCode == 0, await said + errors);
    }

    [Fact]
    public void The_dashboard_shows_every_instrument_that_is_documented()
    {
        var page = File.ReadAllText(Path.Combine(SampleProgram.Root, "docs", "telemetry.md"));
        var instruments = Instrument().Matches(page).Select(static match => match.Groups[1].Value.Replace('.', '_')).Distinct().ToList();

        Assert.Equal(9, instruments.Count);
        Assert.All(instruments, static instrument => Assert.Contains(Queries(), query => query.Contains(instrument, StringComparison.Ordinal)));
    }

    private static string Find(string program)
    {
        var path = new[] { "/usr/bin", "/usr/local/bin" }.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
        Missing.SkipIf(path is null, program);
        return path!;
    }

    private static List<string> Queries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Sample, "monitoring", "grafana-dashboard.json")));
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
                .Select(static target => target.GetProperty("expr").GetString()!),
        ];
    }

    [GeneratedRegex(@"^\| `(coordination\.[a-z.]+)` \| (?:histogram|counter|up-down counter|gauge)", RegexOptions.Multiline)]
    private static partial Regex Instrument();
}
