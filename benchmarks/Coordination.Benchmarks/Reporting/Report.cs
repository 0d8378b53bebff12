using System.Text.Json;
using System.Text.Json.Serialization;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Reporting;

/// <summary>What a run leaves for other programs. docs/benchmarks.md has the schema.</summary>
/// <param name="command">Which command.</param>
internal sealed class Report(string command)
{
    /// <summary>Raised when a name goes or changes its meaning, not when one is added.</summary>
    public const int SchemaVersion = 1;

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    private readonly Dictionary<string, object> _results = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _servers = new(StringComparer.Ordinal);

    public RunEnvironment Environment { get; } = RunEnvironment.Capture();

    /// <summary>The servers of the run, by backend.</summary>
    public IReadOnlyDictionary<string, string> Servers => _servers;

    /// <summary>Says on what is measured.</summary>
    public void Introduce(string backend, string description)
    {
        if (_servers.Count == 0)
        {
            foreach (var line in Environment.Lines())
            {
                Screen.Line(line);
            }
        }

        _servers[backend] = description;
        Screen.Line(description);
    }

    public void Add(string name, object result) => _results[name] = result;

    /// <summary>Before a run, not after it.</summary>
    /// <exception cref="UsageException">The file cannot be written.</exception>
    public void CheckFile(string? file)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            File.OpenWrite(file).Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"--json {file} cannot be written: {exception.Message}");
        }
    }

    public async Task SaveAsync(string? file)
    {
        if (file is not null)
        {
            await using var stream = File.Create(file);
            await JsonSerializer.SerializeAsync(
                stream, new { SchemaVersion, Command = command, Environment, Servers = _servers, Results = _results }, Format);
        }
    }
}
