using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Coordination.Etcd.Tests.Support;

/// <summary>Keeps what is logged.</summary>
public sealed class RecordingLog : ILoggerFactory, ILogger
{
    public ConcurrentQueue<(string Name, string Text)> Events { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Events.Enqueue((eventId.Name ?? "", formatter(state, exception)));

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
    }
}
