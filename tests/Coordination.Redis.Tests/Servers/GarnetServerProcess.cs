using System.Diagnostics;

namespace Coordination.Redis.Tests.Servers;

/// <summary>A Garnet server: tests/Coordination.Garnet in a process of its own. It ends when the process that started it is gone.</summary>
public sealed class GarnetServerProcess : ServerProcess
{
    private readonly string[] _arguments;

    /// <summary>Chooses a port; <see cref="ServerProcess.StartAsync"/> starts it.</summary>
    /// <param name="arguments">Further arguments: <c>--password</c>, <c>secret</c>.</param>
    public GarnetServerProcess(params string[] arguments) => _arguments = arguments;

    /// <summary>Where the program was built to: beside the tests' own output, in the same configuration.</summary>
    public static string Program { get; } = AppContext.BaseDirectory.Replace(
        Path.DirectorySeparatorChar + "Coordination.Redis.Tests" + Path.DirectorySeparatorChar,
        Path.DirectorySeparatorChar + "Coordination.Garnet" + Path.DirectorySeparatorChar,
        StringComparison.Ordinal) + "Coordination.Garnet.dll";

    /// <inheritdoc/>
    protected override ProcessStartInfo StartInfo()
    {
        var start = new ProcessStartInfo("dotnet") { ArgumentList = { Program, $"{Port}" } };
        foreach (var argument in _arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
