using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordination.Torture.Recording;

/// <summary>Events as lines of JSON: how processes tell the driver, and how a history is kept.</summary>
internal static class EventLines
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new JsonStringEnumConverter(), new Milliseconds() },
    };

    public static string Write(Event happened) => JsonSerializer.Serialize(happened, Json);

    public static Event Read(string line) => JsonSerializer.Deserialize<Event>(line, Json) ?? throw new JsonException($"No event: {line}");

    /// <summary>Times in milliseconds with microseconds behind the point: what people read.</summary>
    private sealed class Milliseconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromTicks((long)Math.Round(reader.GetDouble() * TimeSpan.TicksPerMillisecond));

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value.TotalMilliseconds, 4));
    }
}
