using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Coordination.Conformance;
using Coordination.Ecosystem.Tests.Samples;

namespace Coordination.Ecosystem.Tests.Diagnostics;

/// <summary>The Web sample, scraped by a real Prometheus with the sample's configuration, and asked every question of the sample's dashboard.</summary>
public sealed partial class PrometheusTests
{
    private static readonly string Sample = Path.Combine(SampleProgram.Root, "samples", "Web");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Every_query_of_the_dashboard_has_an_answer_from_the_samples_metrics()
    {
        var ct = TestContext.Current.CancellationToken;
        var prometheus = new[] { "/usr/bin/prometheus", "/usr/local/bin/prometheus" }.FirstOrDefault(File.Exists);
        if (prometheus is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "prometheus is not installed");
            Assert.Skip("prometheus is not installed");
        }

        var (web, server) = (FreePort.Next(), FreePort.Next());
        var directory = Directory.CreateTempSubdirectory("coordination-prometheus");
        try
        {
            var configuration = (await File.ReadAllTextAsync(Path.Combine(Sample, "monitoring", "prometheus.yml"), ct))
                .Replace("localhost:5001", $"localhost:{web}", StringComparison.Ordinal)
                .Replace("scrape_interval: 5s", "scrape_interval: 1s", StringComparison.Ordinal);
            var file = Path.Combine(directory.FullName, "prometheus.yml");
            await File.WriteAllTextAsync(file, configuration, ct);

            using var sample = Start(
                "dotnet", Sample, [SampleProgram.Find("Web"), "--urls", $"http://localhost:{web}", "--Coordination:LeaseDuration=00:00:01"]);
            using var scraper = Start(
                prometheus!,
                directory.FullName,
                [$"--config.file={file}", $"--storage.tsdb.path={directory.FullName}/data", $"--web.listen-address=127.0.0.1:{server}"]);
            using var client = new HttpClient();
            try
            {
                await UntilAsync(async () => (await client.GetStringAsync(new Uri($"http://localhost:{web}/health"), ct)) == "Healthy", sample, scraper);

                // Two that want the same: one waits, and is handed the lock.
                await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => client.PostAsync(new Uri($"http://localhost:{web}/locks/1?milliseconds=200"), null, ct)));
                foreach (var query in Queries())
                {
                    var address = new Uri($"http://localhost:{server}/api/v1/query?query={Uri.EscapeDataString(query.Replace("$__rate_interval", "15s", StringComparison.Ordinal))}");
                    JsonElement answer = default;
                    await UntilAsync(
                        async () =>
                        {
                            using var response = await client.GetAsync(address, ct);
                            answer = await response.Content.ReadFromJsonAsync<JsonElement>(Ct);
                            Assert.True(response.StatusCode != HttpStatusCode.BadRequest, $"{query}: {answer}");
                            return response.IsSuccessStatusCode && answer.GetProperty("data").GetProperty("result").GetArrayLength() > 0;
                        },
                        sample,
                        scraper);
                }
            }
            finally
            {
                // Ours, by the objects that started them.
                sample.Kill();
                scraper.Kill();
                await sample.WaitForExitAsync(CancellationToken.None);
                await scraper.WaitForExitAsync(CancellationToken.None);
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_dashboard_shows_every_instrument_that_is_documented()
    {
        var page = File.ReadAllText(Path.Combine(SampleProgram.Root, "docs", "telemetry.md"));
        var instruments = Instrument().Matches(page).Select(static match => match.Groups[1].Value.Replace('.', '_')).Distinct().ToList();

        Assert.Equal(9, instruments.Count);
        Assert.All(instruments, static instrument => Assert.Contains(Queries(), query => query.Contains(instrument, StringComparison.Ordinal)));
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

    private static async Task UntilAsync(Func<Task<bool>> condition, params Process[] processes)
    {
        while (true)
        {
            Assert.All(processes, static process => Assert.False(process.HasExited, $"{process.StartInfo.FileName} has ended"));
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(200, Ct);
        }
    }

    private static Process Start(string file, string directory, IEnumerable<string> arguments)
    {
        var process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"{file} did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    [GeneratedRegex(@"^\| `(coordination\.[a-z.]+)` \| (?:histogram|counter|up-down counter|gauge)", RegexOptions.Multiline)]
    private static partial Regex Instrument();
}
