using System.Text.Json;
using System.Text.Json.Serialization;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Reporting;

/// <summary>What a run leaves for other programs: <c>{ "environment": …, "results": { "uncontended": [ … ] } }</c>.</summary>
internal sealed class Report(string? file)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly Dictionary<string, object> _results = new(StringComparer.Ordinal);

    public RunEnvironment? Environment { get; set; }

    public void Add(string name, object result) => _results[name] = result;

    public async Task SaveAsync()
    {
        if (file is null)
        {
            return;
        }

        try
        {
            await using var stream = File.Create(file);
            await JsonSerializer.SerializeAsync(stream, new { Environment, Results = _results }, Format);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--json {file} cannot be written: {exception.Message}");
        }
    }
}
