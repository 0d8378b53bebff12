using System.Reflection;
using Coordination.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coordination.Tests.Diagnostics;

/// <summary>Event ids are an interface: people filter and alert by them.</summary>
public sealed class LogTests
{
    [Fact]
    public void Event_ids_and_names_are_unique_and_as_documented()
    {
        var events = typeof(CoordinationLog)
            .GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Select(static attribute => (attribute.EventId, attribute.EventName))
            .Order()
            .ToArray();

        (int, string?)[] documented =
        [
            (1001, "LeaseLost"),
            (1002, "ReleaseFailed"),
            (1003, "ReleaseGivenUp"),
            (1004, "RenewalFailed"),
            (1005, "SessionLost"),
            (1006, "SessionNotEnded"),
            (1007, "MaintenanceFailed"),
            (1008, "LostCallbackFailed"),
            (1009, "Unexpected"),
            (1010, "ObservationFailed"),
        ];
        Assert.Equal(documented, events);
    }
}
