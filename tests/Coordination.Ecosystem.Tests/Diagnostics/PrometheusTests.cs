using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Coordination.Conformance;
using Coordination.Ecosystem.Tests.Samples;
using Coordination.InMemory;
using Coordination.Redis;
using Coordination.Redis.Tests.Servers;
using Coordination.ZooKeeper;

namespace Coordination.Ecosystem.Tests.Diagnostics;

/// <summary>The Web sample, scraped by a real Prometheus with the sample's configuration, and asked every question of the sample's dashboard.</summary>
[Collection(Meters.OneByOne)]
public sealed partial class PrometheusTests
{
    private static readonly string Sample = Path.Combine(SampleProgram.Root, "samples", "Web");

    [Fact(Timeout = 240_000)]
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

            // It is degraded when the machine stood still for the length of its short lease.
            await sample.UntilAsync(async () => await client.GetStringAsync(new Uri($"http://localhost:{web}/health"), ct) is "Healthy" or "Degraded", ct);

            // Two that want the same: one waits, and is handed the lock.
            await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => client.PostAsync(new Uri($"http://localhost:{web}/locks/1?milliseconds=200"), null, ct)));
            foreach (var query in Queries())
            {
                var address = new Uri($"http://localhost:{server}/api/v1/query?query={Uri.EscapeDataString(query.Replace("$__rate_interval", "15s", StringComparison.Ordinal))}");
                await scraper.UntilAsync(
                    async () =>
                    {
                        using var response = await client.GetAsync(address, ct);
                        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
                        {
                            return false; // It listens, and is not ready yet.
                        }

                        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(ct);
                        Assert.True(response.StatusCode != HttpStatusCode.BadRequest, $"{query}: {answer}");
                        return response.IsSuccessStatusCode && answer.GetProperty("data").GetProperty("result").GetArrayLength() > 0;
                    },
                    ct);
            }

            // What the other tests take for the exporter's names is what it says.
            var said = Series().Matches(await client.GetStringAsync(new Uri($"http://localhost:{web}/metrics"), ct)).Select(static match => match.Value).Distinct();
            var known = await SeriesOfTheInstrumentsAsync();
            Assert.All(said, series => Assert.Contains(series, known));
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

        Assert.Equal(10, instruments.Count);
        Assert.All(instruments, static instrument => Assert.Contains(Queries(), query => query.Contains(instrument, StringComparison.Ordinal)));
    }

    /// <summary>Prometheus answers a question for a series that there is not, as for one that there is not yet; with "or vector(0)" the answer is not even empty.</summary>
    [Fact]
    public async Task The_dashboard_and_the_page_name_no_series_that_no_instrument_makes_and_no_label_that_none_has()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(SampleProgram.Root, "docs", "telemetry.md"), TestContext.Current.CancellationToken);
        var series = await SeriesOfTheInstrumentsAsync();
        var instruments = Instrument().Matches(page).Select(static match => match.Groups[1].Value);
        var labels = Tag().Matches(page).Select(static match => match.Groups[1].Value).Except(instruments).Select(static tag => tag.Replace('.', '_')).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(new HashSet<string> { "coordination_backend", "coordination_primitive", "coordination_outcome", "coordination_redlock_state", "coordination_resource" }, labels);

        Assert.All(Queries(), query =>
        {
            var (names, usedLabels) = NamesIn(query);
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.Contains(name, series));
            Assert.All(usedLabels, label => Assert.Contains(label, labels.Append("le")));
        });
        Assert.All(
            NameInPage().Matches(page).Select(static match => match.Groups[1].Value),
            name => Assert.True(series.Contains(name) || labels.Contains(name), $"docs/telemetry.md names {name}, which is no series and no label."));
    }

    [Theory]
    [InlineData("sum by (coordination_backend) (rate(coordination_x_total[$__rate_interval])) or vector(0)", "coordination_x_total", "coordination_backend")]
    [InlineData("histogram_quantile(0.5, sum by (le) (rate(x_bucket{a=\"y_total\",b!~\"z\"}[5m] offset 1m)))", "x_bucket", "a b le")]
    [InlineData("up == bool 1 unless on(job) rate(x[1m:5s]) and y", "up x y", "job")]
    public void The_names_in_a_query_are_told_apart(string query, string names, string labels)
    {
        var (foundNames, foundLabels) = NamesIn(query);
        Assert.Equal(names.Split(' '), foundNames.Order(StringComparer.Ordinal));
        Assert.Equal(labels.Split(' '), foundLabels.Order(StringComparer.Ordinal));
    }

    /// <summary>The series that the exporter makes of what the library measures, whether or not there was anything to measure yet.</summary>
    private static async Task<HashSet<string>> SeriesOfTheInstrumentsAsync()
    {
        var series = new HashSet<string>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == "Coordination")
            {
                lock (series)
                {
                    series.UnionWith(SeriesOf(instrument));
                }
            }
        };
        listener.Start();
        await using var coordinator = new Coordinator(new InMemoryServer().CreateBackend());
        await using var redlock = RedlockBackend.Create("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3");

        // Its connections share an instrument, which is made before the first of them.
        RuntimeHelpers.RunClassConstructor(typeof(ZooKeeperBackend).Assembly.GetType("Coordination.ZooKeeper.Client.ZooKeeperConnection", throwOnError: true)!.TypeHandle);
        return series;
    }

    private static IEnumerable<string> SeriesOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "");
        return instrument switch
        {
            Histogram<double> => [$"{name}_bucket", $"{name}_sum", $"{name}_count"],
            Counter<long> => [$"{name}_total"],
            _ => [name],
        };
    }

    private static (HashSet<string> Names, HashSet<string> Labels) NamesIn(string query)
    {
        var labels = new HashSet<string>(StringComparer.Ordinal);
        var rest = LabelList().Replace(Range().Replace(Text().Replace(query, "''"), ""), match =>
        {
            labels.UnionWith(Word().Matches(match.Groups["labels"].Value).Select(static label => label.Value));
            return " ";
        });
        var names = Word().Matches(rest).Where(word => !Call().IsMatch(rest[(word.Index + word.Length)..])).Select(static word => word.Value);
        return ([.. names.Except(["and", "or", "unless", "bool", "by", "without", "on", "ignoring", "offset"])], labels);
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

    [GeneratedRegex(@"`(coordination\.[a-z.]+)`")]
    private static partial Regex Tag();

    [GeneratedRegex("`(coordination_[a-z_]+)`")]
    private static partial Regex NameInPage();

    [GeneratedRegex("^coordination_[a-z_]+", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();

    [GeneratedRegex(@"\[[^\]]*\]|\b\d+[a-z]*\b")]
    private static partial Regex Range();

    [GeneratedRegex(@"\{(?<labels>[^}]*)\}|\b(?:by|without|on|ignoring|group_left|group_right)\s*\((?<labels>[^)]*)\)")]
    private static partial Regex LabelList();

    [GeneratedRegex("[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\s*\(")]
    private static partial Regex Call();
}
