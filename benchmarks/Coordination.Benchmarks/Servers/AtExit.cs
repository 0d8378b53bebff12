using System.Runtime.InteropServices;

namespace Coordination.Benchmarks.Servers;

/// <summary>What is undone when the program ends before its end: Ctrl+C, SIGTERM. The last first: a server is ended before its directory is removed.</summary>
internal static class AtExit
{
    private static readonly List<Action> Actions = [];

    // The runtime ends at once when it is told to: it raises no event for it (since .NET 10).
    private static readonly PosixSignalRegistration[] Signals =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }
            .Select(static signal => PosixSignalRegistration.Create(signal, static _ => RunAll())),
    ];

    static AtExit() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => RunAll();

    public static void Add(Action action)
    {
        lock (Actions)
        {
            Actions.Add(action);
        }
    }

    public static void Remove(Action action)
    {
        lock (Actions)
        {
            Actions.Remove(action);
        }
    }

    private static void RunAll()
    {
        lock (Actions)
        {
            for (var i = Actions.Count - 1; i >= 0; i--)
            {
                try
                {
                    Actions[i]();
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
                {
                    // The others matter as much.
                }
            }
        }
    }
}
