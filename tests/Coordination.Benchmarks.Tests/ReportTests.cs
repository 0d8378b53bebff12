using System.Text.Json;
using System.Xml.Linq;

namespace Coordination.Benchmarks.Tests;

/// <summary>A small report, from the command to the files.</summary>
public sealed class ReportTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coordination-benchmarks-tests-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_report_has_its_results_its_tables_and_its_charts()
    {
        BenchmarksRun.SkipWithoutRedis();

        var run = await BenchmarksRun.StartAsync("report", "smoke", "--output", _directory.FullName);

        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        using var json = JsonDocument.Parse(await ReadAsync("report.json"));
        CheckResults(json.RootElement);
        await CheckDocumentedAsync(json.RootElement);

        var markdown = await ReadAsync("report.md");
        foreach (var chart in json.RootElement.GetProperty("results").GetProperty("charts").EnumerateArray().Select(static chart => chart.GetString()!))
        {
            Assert.Contains($"]({chart})", markdown, StringComparison.Ordinal);
            Assert.True(IsPng(chart), chart);
            Assert.Equal("svg", XDocument.Load(FileOf(Path.ChangeExtension(chart, ".svg"))).Root!.Name.LocalName);
        }
    }

    private static void CheckResults(JsonElement root)
    {
        Assert.Equal(1, root.GetProperty("schemaVersion").GetInt32());
        Assert.Equal("report", root.GetProperty("command").GetString());
        Assert.Equal(Environment.ProcessorCount, root.GetProperty("environment").GetProperty("cores").GetInt32());
        Assert.Contains("Redis 7", root.GetProperty("servers").GetProperty("redis").GetString(), StringComparison.Ordinal);

        var results = root.GetProperty("results");
        Assert.Equal("smoke", results.GetProperty("set").GetString());
        foreach (var pair in results.GetProperty("uncontended").EnumerateObject().SelectMany(static backend => backend.Value.EnumerateArray()))
        {
            Assert.True(pair.GetProperty("p50Microseconds").GetDouble() > 0);
        }

        List<JsonElement> contention = [.. results.GetProperty("contention").EnumerateArray().SelectMany(static one => one.GetProperty("results").EnumerateArray())];
        Assert.Equal(
            ["Coordination", "raw, polling", "DistributedLock.Redis", "RedLock.net"],
            contention.Where(static one => one.GetProperty("backend").GetString() == "Redis").Select(static one => one.GetProperty("implementation").GetString()));
        Assert.All(contention, static one => Assert.Equal(0, one.GetProperty("overlaps").GetInt32()));

        // How many the others get in so short a time is theirs.
        List<JsonElement> ours = [.. contention.Where(static one => one.GetProperty("implementation").GetString() == "Coordination")];
        Assert.Equal(["in-memory", "Redis"], ours.Select(static one => one.GetProperty("backend").GetString()));
        foreach (var one in ours)
        {
            Assert.True(one.GetProperty("acquisitions").GetInt32() > 0);
            Assert.InRange(one.GetProperty("jainIndex").GetDouble(), 0.5, 1);
            Assert.True(one.GetProperty("bytesPerAcquisition").GetDouble() > 0);
            Assert.True(one.GetProperty("waitP99Milliseconds").GetDouble() >= one.GetProperty("waitP50Milliseconds").GetDouble());
        }

        // A claim and a release, by the server's own counters.
        Assert.InRange(ours[1].GetProperty("requestsPerAcquisition").GetDouble(), 1.5, 3);
        Assert.Equal(4, results.GetProperty("handoff")[0].GetProperty("results").GetArrayLength());
        Assert.True(results.GetProperty("leader")[0].GetProperty("meanMilliseconds").GetDouble() > 0);
    }

    /// <summary>The schema in the documentation knows every name that is written.</summary>
    private static async Task CheckDocumentedAsync(JsonElement root)
    {
        var documentation = await File.ReadAllTextAsync(BenchmarksRun.PathOf("DocumentationPath"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(NamesIn(root, parent: ""), name => !documentation.Contains($"`{name}`", StringComparison.Ordinal));
    }

    // Names of backends, libraries and so on are keys, not part of the schema.
    private static IEnumerable<string> NamesIn(JsonElement element, string parent) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(one =>
            (parent is "libraries" or "servers" or "uncontended" or "leases" ? [] : new[] { one.Name }).Concat(NamesIn(one.Value, one.Name))),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(one => NamesIn(one, parent: "")),
        _ => [],
    };

    [Fact]
    public async Task What_a_run_started_ends_with_it_when_it_is_told_to_end()
    {
        BenchmarksRun.SkipWithoutRedis();
        var (exitCode, left) = await BenchmarksRun.InterruptAsync("uncontended", "--backend", "redis", "--seconds", "300");
        Assert.Equal(128 + 15, exitCode);
        Assert.Empty(left);
    }

    private bool IsPng(string file)
    {
        Span<byte> signature = stackalloc byte[8];
        using var stream = File.OpenRead(FileOf(file));
        stream.ReadExactly(signature);
        return signature.SequenceEqual((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
    }

    private string FileOf(string name) => Path.Combine(_directory.FullName, name);

    private Task<string> ReadAsync(string name) => File.ReadAllTextAsync(FileOf(name), TestContext.Current.CancellationToken);
}
